internal import Glibc
import Spec

/// What an evaluation measured on one task.
struct TaskScore {
    private let kind: TaskKind
    private var lossSum = 0.0
    private var targets = 0
    private var hits = 0
    private var truths: [Int32: Int] = [:]
    private var predictions: [Int32: Int] = [:]
    private var correct: [Int32: Int] = [:]

    init(_ kind: TaskKind) { self.kind = kind }

    mutating func add(_ example: Example, _ loss: ExampleLoss) {
        lossSum += loss.lossSum
        targets += loss.targets
        guard let predicted = loss.predicted else { return }
        truths[example.targets[0], default: 0] += 1
        predictions[predicted, default: 0] += 1
        if predicted == example.targets[0] {
            hits += 1
            correct[predicted, default: 0] += 1
        }
    }

    /// Mean over all targets: rows for classification, tokens for generation.
    var loss: Double { lossSum / Double(targets) }

    /// Metric names and values.
    var metrics: [(name: String, value: Double)] {
        switch kind {
        case .classification:
            [
                ("loss", loss), ("accuracy", Double(hits) / Double(targets)),
                ("macro_f1", macroF1),
            ]
        case .generation: [("loss", loss), ("perplexity", exp(loss))]
        }
    }

    /// The mean of F1 over the classes that occur among the truths or the predictions.
    private var macroF1: Double {
        let classes = Set(truths.keys).union(predictions.keys)
        let scores = classes.sorted().map { label in
            let all = truths[label, default: 0] + predictions[label, default: 0]
            return 2 * Double(correct[label, default: 0]) / Double(all)
        }
        return scores.reduce(0, +) / Double(scores.count)
    }
}
