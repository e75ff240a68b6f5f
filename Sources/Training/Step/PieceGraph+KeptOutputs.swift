import Models
import Tensor

extension PieceGraph {
    /// Seeds the gradients of outputs that rows of the group should keep, head by head.
    func keepOutputs(_ group: Group, _ states: States) {
        let heads = Set(rows[group.members].flatMap { $0.outputs.map(\.head) })
        for head in heads.sorted() {
            let pairs = group.members.flatMap { member in
                rows[member].outputs.filter { $0.head == head }.map {
                    (states.segments[member], $0)
                }
            }
            keepLogits(pairs, head: head, span: group.span, states.hidden)
            keepTokens(pairs, span: group.span, states.hidden)
        }
    }

    private func keepLogits(
        _ pairs: [(segment: Segment, target: OutputTarget)], head: Int, span: Int, _ hidden: Tensor
    ) {
        let kept = pairs.compactMap { segment, target -> (Segment, OutputTarget, [Float])? in
            if case .logits(let values) = target.kept { (segment, target, values) } else { nil }
        }
        if kept.isEmpty { return }
        let logits = model.classify(
            hidden, segments: kept.map(\.0), head: tasks[head].name, task: span, on: tape)
        let values = logits.floats()
        let classes = values.count / kept.count
        let gradient = kept.enumerated().flatMap { row, item in
            OutputTarget.gradient(
                values[row * classes..<(row + 1) * classes], kept: item.2, form: item.1.form,
                weight: item.1.weight)
        }
        tape.seed(logits, gradient: gradient)
    }

    /// Each sequence's loss is the mean over its kept positions, the last ones.
    private func keepTokens(
        _ pairs: [(segment: Segment, target: OutputTarget)], span: Int, _ hidden: Tensor
    ) {
        var indices: [Int32] = []
        var weights: [Float] = []
        var sum: KeptTokens?
        for (segment, target) in pairs {
            guard case .tokens(let kept) = target.kept, kept.rows > 0 else { continue }
            indices += (segment.upperBound - kept.rows..<segment.upperBound).map { Int32($0) }
            weights += repeatElement(
                Float(target.weight / Double(kept.rows)), count: kept.rows)
            sum = sum.map { $0 + kept } ?? kept
        }
        guard let sum, let form = pairs.first?.target.tokenForm else { return }
        let selected = tape.gather(
            hidden, indices, rows: RowSpace(count: indices.count, task: span))
        _ = tape.linearKeptTokens(
            selected, model.networks[column].outputProjection, kept: sum, form: form,
            weights: weights)
    }
}
