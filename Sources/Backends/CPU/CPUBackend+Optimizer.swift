internal import CKernels
package import Tensor

extension CPUBackend {
    /// Floats whose squares are summed before the sums are added in order.
    private static let sweepGrain = 65536

    package func sumOfSquares(_ slots: [Floats], _ count: Int) -> Double {
        guard !slots.isEmpty else { return 0 }
        let grain = Self.sweepGrain
        var partials = [Double](repeating: 0, count: (count + grain - 1) / grain)
        partials.withUnsafeMutableBufferPointer { partials in
            guard let sums = partials.baseAddress else { return }
            pool.run(partials.count) { part, _ in
                let first = part * grain
                let moved = slots.map { UnsafePointer($0 + first) }
                sums[part] = kernels.sum_squares(moved, moved.count, min(grain, count - first))
            }
        }
        return partials.reduce(0, +)
    }

    package func gramian(
        _ slots: [Floats], _ count: Int, preconditioner: Preconditioner?
    ) -> GramianSweep {
        let (grain, width) = (Self.sweepGrain, slots.count)
        precondition(width <= PT_SLOTS_MAX, "at most \(PT_SLOTS_MAX) gradients are compared")
        let size = width * width
        let parts = (count + grain - 1) / grain
        // Each part adds into its own products; the parts are added in order.
        var sums = [Double](repeating: 0, count: 2 * size * parts)
        sums.withUnsafeMutableBufferPointer { sums in
            guard let base = sums.baseAddress else { return }
            pool.run(parts) { part, _ in
                let first = part * grain
                let moved = slots.map { UnsafePointer($0 + first) }
                let plain = base + 2 * size * part
                kernels.gramian(
                    moved, width, min(grain, count - first),
                    preconditioner.map { UnsafePointer($0.second + first) },
                    preconditioner?.correction ?? 1, preconditioner?.epsilon ?? 0, plain,
                    preconditioner.map { _ in plain + size })
            }
        }
        func total(_ offset: Int) -> [Double] {
            (0..<size).map { place in
                // The kernel fills the upper triangle.
                let (i, j) = (min(place / width, place % width), max(place / width, place % width))
                return (0..<parts).reduce(0) {
                    $0 + sums[2 * size * $1 + offset + i * width + j]
                }
            }
        }
        return GramianSweep(
            plain: total(0), preconditioned: preconditioner.map { _ in total(size) } ?? [])
    }

    package func adamW(_ u: AdamWUpdate) {
        guard !u.slots.isEmpty else { return }
        precondition(u.scales.count == u.slots.count, "one scale for each slot")
        pool.run(u.count, grain: Self.sweepGrain) { range in
            let at = range.lowerBound
            let moved = u.slots.map { UnsafePointer($0 + at) }
            kernels.adamw(
                u.value + at, u.first + at, u.second + at, moved, u.scales, moved.count,
                range.count, u.penalty.map { UnsafePointer($0.precision + at) },
                u.penalty.map { UnsafePointer($0.center + at) }, u.strength, u.learningRate,
                u.weightDecay, u.beta1, u.beta2, u.epsilon, u.correction1, u.correction2)
        }
    }

    package func addScores(
        _ x: Floats, factor: Float, _ form: ScoreForm, into sum: Floats, _ count: Int
    ) {
        pool.run(count, grain: Self.sweepGrain) {
            kernels.add_scores(
                x + $0.lowerBound, factor, form == .magnitude ? 1 : 0, $0.count,
                sum + $0.lowerBound)
        }
    }

    package func addDescent(
        from before: Floats, to after: Floats, gradient slots: [Floats], scales: [Float],
        into sum: Floats, _ count: Int
    ) {
        precondition(scales.count == slots.count, "one scale for each slot")
        pool.run(count, grain: Self.sweepGrain) { range in
            let at = range.lowerBound
            let moved = slots.map { UnsafePointer($0 + at) }
            kernels.add_descent(
                before + at, after + at, moved, scales, moved.count, range.count, sum + at)
        }
    }

    package func join(
        _ penalty: QuadraticPenalty, decay: Float, added: Floats, value: Floats, _ count: Int
    ) {
        pool.run(count, grain: Self.sweepGrain) {
            let at = $0.lowerBound
            kernels.join_quadratics(
                penalty.precision + at, penalty.center + at, decay, added + at, value + at,
                $0.count)
        }
    }
}
