internal import Glibc
import Spec

/// What is measured on a task's rows beside the loss; one file each in `Measures`.
protocol Measure {
    /// - Parameter outputs: of the task's head, as `ExampleLoss.logits`.
    mutating func add(_ example: Example, outputs: [Float])
    /// Names and values, after at least one row.
    /// - Parameter loss: mean over all targets.
    func values(loss: Double) -> [(name: String, value: Double)]
}

/// What an evaluation measured on one task.
struct TaskScore {
    private var lossSum = 0.0
    private var targets = 0
    private var measure: any Measure
    private var bleu: BLEU?

    /// - Parameter labels: of the task, in the order of its head's outputs.
    init(_ kind: TaskKind, labels: [String] = []) { measure = kind.learnt.measure(labels: labels) }

    mutating func add(_ example: Example, _ loss: ExampleLoss) {
        lossSum += loss.lossSum
        targets += loss.targets
        measure.add(example, outputs: loss.logits)
    }

    /// A generated text, and the one that was wanted.
    mutating func add(written: String, reference: String) {
        bleu = bleu ?? BLEU()
        bleu?.add(written, reference: reference)
    }

    /// Mean over all targets: rows of a head for texts, tokens or words of others.
    var loss: Double { lossSum / Double(targets) }

    /// Metric names and values.
    var metrics: [(name: String, value: Double)] {
        [("loss", loss)] + measure.values(loss: loss)
            + (bleu.map { [("bleu", $0.score)] } ?? [])
    }
}
