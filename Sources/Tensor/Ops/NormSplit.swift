/// A norm's gradient, split by the task slots of its parameters.
struct NormSplit {
    let x: Tensor
    let gain: Parameter
    let bias: Parameter?
    let dy: Tensor
    let epsilon: Float

    func run(_ kernel: (NormGradient) -> Void) {
        guard let cell = x.cell else { return run(into: nil, kernel) }
        cell.receive(shape: x.shape, backend: x.backend) { run(into: $0, kernel) }
    }

    private func run(into dx: Target?, _ kernel: (NormGradient) -> Void) {
        for (slot, rows) in parts where !rows.isEmpty {
            let offset = rows.lowerBound * x.width
            kernel(
                NormGradient(
                    x: x.pointer + offset, gain: gain.value.pointer, dy: dy.pointer + offset,
                    dx: dx.map { Target($0.pointer + offset, adds: $0.adds) },
                    dGain: target(gain, slot: slot),
                    dBias: bias.flatMap { target($0, slot: slot) },
                    rows: rows.count, width: x.width, epsilon: epsilon))
        }
    }

    private var parts: [(slot: Int, rows: Range<Int>)] {
        if gain.isTrainable { return gain.slotRanges(x.rows, count: x.rowCount) }
        if let bias, bias.isTrainable { return bias.slotRanges(x.rows, count: x.rowCount) }
        return [(0, 0..<x.rowCount)]
    }

    private func target(_ parameter: Parameter, slot: Int) -> Target? {
        guard parameter.isTrainable else { return nil }
        let place = parameter.accumulator(slot: slot)
        return Target(place.pointer, adds: place.adds)
    }
}
