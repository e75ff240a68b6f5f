import Inference
import Models
import Spec
import Tensor

/// Scores examples with the model as it is, in packed batches, without gradients.
final class Evaluator {
    /// Tokens of one batch: enough to keep the processor busy, short enough to be interrupted.
    private static let batchTokens = 1024
    /// Texts that are written together: a token of each takes one reading of the weights.
    private static let textsMax = 64
    /// Tokens of prompts and texts that are kept while they are written.
    private static let keptTokensMax = 8192
    let pass: PackedPass
    private let backend: any Backend

    init(_ model: Model, tasks: [TrainingTask], backend: any Backend) {
        self.backend = backend
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
        var done = 0
        for places in examples.batches(tokensMax: Self.batchTokens) {
            try between(done)
            let batch = examples[places]
            let losses = try pass.run(batch.map { StepRow($0) }, recording: false)
            for (example, loss) in zip(batch, losses) {
                score.add(example, loss)
                // To write a text takes far longer than to read it.
                if !task.isWritten { done += example.length }
            }
        }
        if task.isWritten { try write(examples, of: task.spec, &score, between: between) }
        return score
    }

    /// Greedy texts, as they are served; one that does not end is stopped well beyond its
    /// reference, which BLEU punishes.
    private func write(
        _ examples: [Example], of task: TaskSpec, _ score: inout TaskScore,
        between: (Int) throws -> Void
    ) throws {
        let model = pass.model
        let generator = Generator(
            model, backend: backend, sequencesMax: Self.textsMax,
            promptRowsMax: Self.keptTokensMax)
        var texts = examples.map { _ in "" }
        var (waiting, kept, done) = (examples[...], 0, 0)
        // Of each text under way, the tokens so far: a text counts as it grows, for the estimate.
        var written: [Int: Int] = [:]
        while !waiting.isEmpty || !generator.isIdle {
            while let example = waiting.first,
                generator.isIdle || kept + room(example) <= Self.keptTokensMax
            {
                var options = GenerationOptions()
                options.maxTokens = tokensMax(example)
                try generator.add(
                    id: waiting.startIndex, prompt: example.prompt, options: options,
                    adapter: model.adapterKey(task: task.name),
                    column: model.column(task: task.name))
                kept += room(example)
                written[waiting.startIndex] = 0
                waiting.removeFirst()
            }
            let underWay = written.reduce(0) { sum, text in
                let example = examples[text.key]
                return sum + example.length * min(text.value, tokensMax(example))
                    / tokensMax(example)
            }
            try between(done + underWay)
            let deltas = Result { try generator.step() }
            // What is computed on refused memory is not finite: the memory is the reason.
            if let failure = pass.takeFailure() { throw failure }
            written = written.mapValues { $0 + 1 }
            for delta in try deltas.get() {
                texts[delta.id] += delta.text
                guard delta.finishReason != nil else { continue }
                kept -= room(examples[delta.id])
                written[delta.id] = nil
                done += examples[delta.id].length
            }
        }
        for (example, text) in zip(examples, texts) {
            score.add(written: text, reference: example.reference)
        }
    }

    /// Tokens that a text may have.
    private func tokensMax(_ example: Example) -> Int { 2 * example.targets.count + 16 }

    /// Tokens that are kept while a text is written.
    private func room(_ example: Example) -> Int { example.prompt.count + tokensMax(example) }
}
