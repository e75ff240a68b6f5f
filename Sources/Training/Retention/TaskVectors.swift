import Multitask
import Tensor

/// What each stage changed of the weights that the run starts from, and what becomes of all of them
/// together, at a memory that does not grow with the stages.
final class TaskVectors {
    /// Of one parameter, over the stages so far.
    private struct Sums {
        /// Of all values, or of those above 0.
        var positive: Tensor
        /// Where signs are elected: of those below 0, and how many there are of either.
        var negative: (sum: Tensor, positives: Tensor, negatives: Tensor)?
    }

    private let need: RetentionNeeds.TaskVectors
    private let parameters: [Parameter]
    private let backend: any Backend
    private var start: [Int: Tensor] = [:]
    private var sums: [Int: Sums] = [:]

    /// - Parameter places: of those among `parameters` that are merged, at the run's start.
    init(
        _ need: RetentionNeeds.TaskVectors, _ parameters: [Parameter], places: [Int],
        backend: any Backend
    ) {
        self.need = need
        self.parameters = parameters
        self.backend = backend
        for index in places {
            let value = parameters[index].value
            let copy = Tensor(value.shape, backend: backend)
            sums[index] = empty(value.shape)
            guard backend.failure == nil else { return }
            backend.copy(value.pointer, to: copy.pointer, value.count)
            start[index] = copy
        }
    }

    /// Adds what the stage that ends has changed, and puts the merge of all stages in its place.
    func merge() {
        let threshold = need.density.map { MagnitudeRank(share: $0).threshold(changes) } ?? 0
        for (index, sums) in sums {
            guard let start = start[index] else { continue }
            let (value, first) = (parameters[index].value.pointer, start.pointer)
            let (scale, count) = (Float(need.scale), start.count)
            guard let negative = sums.negative else {
                let sum = sums.positive.pointer
                for i in 0..<count {
                    sum[i] += value[i] - first[i]
                    value[i] = first[i] + scale * sum[i]
                }
                continue
            }
            let (above, below) = (sums.positive.pointer, negative.sum.pointer)
            let (positives, negatives) = (negative.positives.pointer, negative.negatives.pointer)
            for i in 0..<count {
                let change = value[i] - first[i]
                if change > 0, change >= threshold {
                    above[i] += change
                    positives[i] += 1
                } else if change < 0, -change >= threshold {
                    below[i] += change
                    negatives[i] += 1
                }
                let elected = above[i] + below[i]
                let mean =
                    elected > 0
                    ? above[i] / positives[i] : elected < 0 ? below[i] / negatives[i] : 0
                value[i] = first[i] + scale * mean
            }
        }
    }

    /// Puts the run's start back, for the next stage.
    func startAnew() {
        for (index, copy) in start {
            backend.copy(copy.pointer, to: parameters[index].value.pointer, copy.count)
        }
    }

    /// Calls `body` with each value's change since the run's start.
    private func changes(_ body: (Float) -> Void) {
        for (index, copy) in start {
            let (value, first) = (parameters[index].value.pointer, copy.pointer)
            for i in 0..<copy.count { body(value[i] - first[i]) }
        }
    }

    private func empty(_ shape: [Int]) -> Sums {
        func zeros() -> Tensor {
            let tensor = Tensor(shape, backend: backend)
            backend.zero(tensor.pointer, tensor.count)
            return tensor
        }
        return Sums(
            positive: zeros(),
            negative: need.density.map { _ in (zeros(), zeros(), zeros()) })
    }
}

extension TaskVectors {
    /// Without the start, which is there again where the run starts again.
    var saved: SavedState {
        var state = SavedState()
        for index in sums.keys.sorted() { state.tensors += named(index) }
        return state
    }

    func restore(_ source: SavedSource) throws {
        for index in sums.keys {
            for (name, tensor) in named(index) { try source.read(name, into: tensor) }
        }
    }

    private func named(_ index: Int) -> [(name: String, tensor: Tensor)] {
        guard let sums = sums[index] else { return [] }
        let name = parameters[index].name
        var tensors = [("vectors.positive.\(name)", sums.positive)]
        if let negative = sums.negative {
            tensors += [
                ("vectors.negative.\(name)", negative.sum),
                ("vectors.positives.\(name)", negative.positives),
                ("vectors.negatives.\(name)", negative.negatives),
            ]
        }
        return tensors
    }
}
