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

    /// - Parameters:
    ///   - examples: of the task.
    ///   - between: called before each batch, and before each token of generated texts, with the
    ///     tokens done so far; what it throws ends the evaluation.
    func score(
        _ examples: [Example], of task: TaskData, between: (Int) throws -> Void
    ) throws -> TaskScore {
        var score = TaskScore(task.spec.kind, labels: task.labels)
        var next = 0
        var done = 0
        while next < examples.count {
            try between(done)
            var end = next
            var tokens = 0
            repeat {
                tokens += examples[end].length
                end += 1
            } while end < examples.count
                && tokens + examples[end].length <= Self.batchTokens
            let batch = Array(examples[next..<end])
            let losses = try pass.run(batch.map { StepRow($0) }, recording: false)
            for (example, loss) in zip(batch, losses) {
                score.add(example, loss)
            }
            if task.spec.metric == "bleu" {
                try write(batch, of: task.spec, &score) { try between(done) }
            }
            next = end
            done += tokens
        }
        return score
    }

    /// A text that does not end is stopped well beyond its reference, which BLEU punishes.
    private func write(
        _ batch: [Example], of task: TaskSpec, _ score: inout TaskScore,
        between: () throws -> Void
    ) throws {
        let model = pass.model
        let context = model.backbone.configuration.contextLength
        let written = try model.write(
            batch.map(\.prompt), task: task.name,
            tokensMax: batch.map {
                min(2 * $0.targets.count + 16, context - ($0.isWritten ? 0 : $0.prompt.count))
            }, between: between)
        if let failure = pass.takeFailure() { throw failure }
        for (example, tokens) in zip(batch, written) {
            score.add(written: model.tokenizer.decode(tokens), reference: example.reference)
        }
    }
}
