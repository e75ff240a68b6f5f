/// One sequence in a step: an example, the gradient that it belongs to, and what its loss weighs.
///
/// A row carries one loss. The same example with two losses, or as training and as memory, is two
/// rows.
struct StepRow {
    var example: Example
    /// Which gradient the row is part of: its task's, or one beyond the tasks for memory.
    var span: Int
    /// Of the row's mean loss in the step's loss.
    var weight: Double

    init(_ example: Example, span: Int? = nil, weight: Double = 0) {
        self.example = example
        self.span = span ?? example.task
        self.weight = weight
    }

    /// Rows of one gradient adjacent, within it rows of one task; otherwise the order is kept.
    static func sorted(_ rows: [StepRow]) -> [StepRow] {
        rows.enumerated()
            .sorted {
                ($0.element.span, $0.element.example.task, $0.offset)
                    < ($1.element.span, $1.element.example.task, $1.offset)
            }
            .map(\.element)
    }
}
