import Models
import Spec
import Tensor

/// Scores examples with the model as it is, in packed batches, without gradients.
final class Evaluator {
    /// Tokens of one batch: enough to keep the processor busy, short enough to be interrupted.
    private static let batchTokens = 1024
    let pass: PackedPass

    init(_ model: Model, tasks: [TrainingTask], backend: any Backend) {
        pass = PackedPass(model, tasks: tasks, backend: backend)
    }

    /// - Parameter between: called before each batch with the tokens done so far; what it throws
    ///   ends the evaluation.
    func score(
        _ examples: [Example], kind: TaskKind, between: (Int) throws -> Void
    ) throws -> TaskScore {
        var score = TaskScore(kind)
        var next = 0
        var done = 0
        while next < examples.count {
            try between(done)
            var end = next
            var tokens = 0
            repeat {
                tokens += examples[end].tokens.count
                end += 1
            } while end < examples.count
                && tokens + examples[end].tokens.count <= Self.batchTokens
            let batch = Array(examples[next..<end])
            let losses = try pass.run(batch.map { StepRow($0) }, recording: false)
            for (example, loss) in zip(batch, losses) {
                score.add(example, loss)
            }
            next = end
            done += tokens
        }
        return score
    }
}
