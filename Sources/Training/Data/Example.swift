/// One row as the model sees it: a sequence, and what its last positions should answer.
///
/// The targets belong to the last `targets.count` positions of `tokens`: for classification one
/// target, the label's index, at the last token; for generation the next token of each position.
package struct Example: Sendable, Equatable {
    package var task: Int
    package var tokens: [Int32]
    package var targets: [Int32]

    package init(task: Int, tokens: [Int32], targets: [Int32]) {
        precondition(!targets.isEmpty && targets.count <= tokens.count)
        self.task = task
        self.tokens = tokens
        self.targets = targets
    }

    /// A sequence of which everything from `targetStart` (≥ 1) on is to be learnt.
    init(task: Int, sequence: [Int32], targetStart: Int) {
        self.init(
            task: task, tokens: Array(sequence.dropLast()),
            targets: Array(sequence[targetStart...]))
    }
}
