// What a model that writes still makes of plain text that no task is about: what it knew before
// the run, as one number. Reads the model and changes nothing.

import Glibc
import Models
import Spec
import Tensor

/// Perplexity on a few sentences, the same for every run.
struct GeneralText {
    /// Everyday facts in English. A handful of them moves little from run to run; only figures of
    /// models with the same tokenizer compare.
    private static let sentences = [
        "The river rises in the mountains and flows through three countries before it meets the sea.",
        "Most birds that breed in the north spend the winter where food is easier to find.",
        "She put the kettle on, opened the window and waited for the rain to stop.",
        "A triangle with two equal sides also has two equal angles.",
        "The museum opens at nine in the morning and is closed on Mondays.",
        "Bread needs flour, water, salt and enough time to rise.",
        "When the price of a product goes up, fewer people are willing to buy it.",
        "The old bridge was built of stone more than four hundred years ago.",
        "Plants use the light of the sun to turn water and carbon dioxide into sugar.",
        "He had forgotten his umbrella on the train and walked home in the snow.",
        "The committee will vote on the new proposal at its next meeting in March.",
        "To save the file under another name, open the menu and choose the second entry.",
        "Sound travels faster in water than in air.",
        "The children built a castle of sand, and in the evening the tide took it away.",
        "In the nineteenth century many families left their villages to work in the cities.",
        "The doctor told him to rest for a week and to drink plenty of water.",
    ]
    private static let tokensMax = 48

    private let pass: PackedPass
    private let examples: [Example]

    /// `nil` where the model predicts no next token, or where nothing that trains bears on it.
    /// - Parameter trainsBackbone: whether text is read by what trains even if no task writes.
    init?(
        _ model: Model, tasks: [TaskSpec], trainsBackbone: Bool, backend: any Backend
    ) {
        // Read as the first task that writes reads, with its adapter.
        let writer = tasks.first { $0.kind.traits.writesText }?.name
        guard model.backbone.isCausal, writer != nil || trainsBackbone else { return nil }
        examples = Self.sentences.compactMap { sentence in
            let tokens = model.inputTokens(sentence).tokens.prefix(Self.tokensMax)
            guard tokens.count > 1 else { return nil }
            return Example(task: 0, sequence: Array(tokens), targetStart: 1)
        }
        guard !examples.isEmpty else { return nil }
        pass = PackedPass(
            model, tasks: [TrainingTask(name: writer ?? "", kind: .generation)], backend: backend)
    }

    /// Ids of each sentence.
    var tokens: [[Int32]] { examples.map { $0.tokens + $0.targets.suffix(1) } }

    /// The exponential of the mean loss of a token.
    func perplexity() throws -> Double {
        let losses = try pass.run(examples.map { StepRow($0) }, recording: false)
        let sums = zip(examples, losses).map { Double($0.targets.count) * $1.mean }
        let tokens = examples.reduce(0) { $0 + $1.targets.count }
        return exp(sums.reduce(0, +) / Double(tokens))
    }
}
