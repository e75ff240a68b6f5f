/// One sequence in a step: an example, the gradient that it belongs to, and what its losses weigh.
///
/// A row carries the loss of its targets and perhaps that of outputs it should keep. The same
/// example as training and as memory, or drawn twice, is two rows.
struct StepRow {
    var example: Example
    /// Which gradient the row is part of: its task's, or one beyond the tasks for memory.
    var span: Int
    /// Of the mean loss of the row's targets in the step's loss; `nil`: as the step's scope says,
    /// and the row counts in its task's mean.
    var weight: Double?
    var outputs: [OutputTarget] = []

    init(_ example: Example, span: Int? = nil, weight: Double? = nil) {
        self.example = example
        self.span = span ?? example.task
        self.weight = weight
    }

    /// The row with all its weights that many times; one that weighs as the scope says is as it was.
    func weighing(_ times: Double) -> StepRow {
        var row = self
        row.weight = weight.map { $0 * times }
        for index in row.outputs.indices { row.outputs[index].weight *= times }
        return row
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
