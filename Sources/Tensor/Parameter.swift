// A trainable array and its gradients per task. An accumulator's memory outlives a step; whether
// it holds anything is a flag, so that clearing costs nothing and the first use overwrites.

/// A trainable array with its gradient accumulators.
package final class Parameter {
    /// Unlike that of any other parameter of a model.
    package var name: String
    package let value: Tensor
    /// 1: one gradient for all tasks. T: one accumulator per task, filled from row ranges.
    package var slots: Int = 1 {
        didSet {
            precondition(slots >= 1, "a parameter has at least one slot")
            if slots != oldValue { accumulators = [] }
        }
    }
    /// Frozen parameters get no gradient and cost none.
    package var isTrainable: Bool = true {
        didSet { if !isTrainable { accumulators = [] } }
    }
    /// Set: backward passes add to it, and no gradient is accumulated.
    package var scores: SampleScores?
    /// Low-rank changes of this matrix by name, for the rows that ask for one: their sum.
    package var adapters: [String: [LowRankAdapter]] = [:]
    private var accumulators: [Accumulator] = []

    private struct Accumulator {
        var tensor: Tensor?
        var isFilled = false
    }

    package init(name: String, value: Tensor) {
        self.name = name
        self.value = value
    }

    /// `nil` where nothing was accumulated since `clearGradients()` (the task was absent).
    package var gradients: [Tensor?] {
        (0..<slots).map { slot in
            guard slot < accumulators.count, accumulators[slot].isFilled else { return nil }
            return accumulators[slot].tensor
        }
    }

    /// Marks accumulators empty (the next backward overwrites instead of adding).
    package func clearGradients() {
        for slot in accumulators.indices { accumulators[slot].isFilled = false }
    }

    /// √Σ g² of one slot, 0 when empty; Float64 accumulation.
    package func gradientNorm(slot: Int) -> Double {
        guard let gradient = gradients[slot] else { return 0 }
        return gradient.backend.sumOfSquares([gradient.pointer], gradient.count).squareRoot()
    }

    /// One slot's memory to add to, or to overwrite when `adds` is false; it counts as filled.
    func accumulator(slot: Int) -> (pointer: Floats, adds: Bool) {
        precondition(scores == nil, "\(name) is used by an op that knows no samples")
        precondition(slot < slots, "task \(slot) has no slot in \(name), which has \(slots)")
        while accumulators.count < slots { accumulators.append(Accumulator()) }
        let tensor = accumulators[slot].tensor ?? Tensor(value.shape, backend: value.backend)
        accumulators[slot].tensor = tensor
        defer { accumulators[slot].isFilled = true }
        return (tensor.pointer, accumulators[slot].isFilled)
    }

    /// The samples of `count` rows where a row space says none: all are one.
    func samples(_ rows: RowSpace?, count: Int) -> [TaskSpan] {
        rows?.spans ?? [TaskSpan(task: 0, rows: 0..<count)]
    }

    /// Row ranges of `count` rows by the slot that their gradient belongs to; none is empty.
    func slotRanges(_ rows: RowSpace?, count: Int) -> [(slot: Int, rows: Range<Int>)] {
        guard count > 0 else { return [] }
        guard slots > 1, let rows else { return [(0, 0..<count)] }
        return rows.spans.filter { !$0.rows.isEmpty }.map { ($0.task, $0.rows) }
    }
}
