import Models
import Spec
import Tensor

/// Scores examples with the model as it is, in packed batches, without gradients.
final class Evaluator {
    /// Tokens of one batch: enough to keep the processor busy, short enough to be interrupted.
    private static let batchTokens = 1024
    /// Tokens of texts that are written together: a token of each takes one reading of the weights,
    /// whatever their number.
    private static let writtenTokens = 4096
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
        var waiting: [Example] = []
        var done = 0
        for places in examples.batches(tokensMax: Self.batchTokens) {
            try between(done)
            let batch = examples[places]
            let losses = try pass.run(batch.map { StepRow($0) }, recording: false)
            for (example, loss) in zip(batch, losses) {
                score.add(example, loss)
            }
            if task.spec.metric == "bleu" {
                waiting += batch
                if waiting.reduce(0, { $0 + room($1) }) >= Self.writtenTokens {
                    try write(waiting, of: task.spec, &score) { try between(done) }
                    waiting = []
                }
            }
            done += batch.reduce(0) { $0 + $1.length }
        }
        if !waiting.isEmpty { try write(waiting, of: task.spec, &score) { try between(done) } }
        return score
    }

    /// Tokens that a text may have.
    private func tokensMax(_ example: Example) -> Int {
        let context = pass.model.backbone.configuration.contextLength
        return min(
            2 * example.targets.count + 16, context - (example.isWritten ? 0 : example.prompt.count)
        )
    }

    /// Tokens that are kept while a text is written.
    private func room(_ example: Example) -> Int { example.prompt.count + tokensMax(example) }

    /// A text that does not end is stopped well beyond its reference, which BLEU punishes.
    private func write(
        _ batch: [Example], of task: TaskSpec, _ score: inout TaskScore,
        between: () throws -> Void
    ) throws {
        let model = pass.model
        let written = try model.write(
            batch.map(\.prompt), task: task.name, tokensMax: batch.map(tokensMax),
            between: between)
        if let failure = pass.takeFailure() { throw failure }
        for (example, tokens) in zip(batch, written) {
            score.add(written: model.tokenizer.decode(tokens), reference: example.reference)
        }
    }
}
