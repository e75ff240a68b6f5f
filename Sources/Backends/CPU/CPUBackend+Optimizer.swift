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

    package func adamW(_ u: AdamWUpdate) {
        guard !u.slots.isEmpty else { return }
        pool.run(u.count, grain: Self.sweepGrain) { range in
            let at = range.lowerBound
            let moved = u.slots.map { UnsafePointer($0 + at) }
            kernels.adamw(
                u.value + at, u.first + at, u.second + at, moved, moved.count, range.count,
                u.scale, u.learningRate, u.weightDecay, u.beta1, u.beta2, u.epsilon,
                u.correction1, u.correction2)
        }
    }
}
