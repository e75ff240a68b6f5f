import Datasets
import Models
import Spec

/// Turns the rows of one task into examples, the way serving will see them. What rows of which
/// kind become is said in `Training/Kinds`; here is what they share.
struct RowEncoder {
    let model: Model
    let task: TaskSpec
    let index: Int
    let labels: [String]
    let maxLength: Int
    /// Rows that were cut to `maxLength` so far.
    var cut = 0
    private let targets: [String: Int32]

    init(_ model: Model, task: TaskSpec, index: Int, labels: [String], maxLength: Int) {
        self.model = model
        self.task = task
        self.index = index
        self.labels = labels
        self.maxLength = maxLength
        targets = Dictionary(uniqueKeysWithValues: zip(labels, labels.indices.map { Int32($0) }))
    }

    /// - Parameter number: the row's place in its data set, from 1, for messages.
    /// - Throws: `TrainingError` for a row that the task cannot use.
    mutating func example(_ row: Row, number: Int) throws -> Example {
        if let example = try task.kind.learnt.example(row, number: number, &self) {
            return example
        }
        throw TrainingError(
            code: "dataset_format",
            message: "task \(task.name): \(task.kind.rawValue) needs rows of "
                + "\(RowFormat.described(RowFormat.learnt(by: task.kind))); row \(number) has "
                + "other columns")
    }

    /// Whether examples keep the text that a generated one is compared with.
    var keepsReferences: Bool { task.metric == "bleu" }

    /// A label's index.
    func target(_ label: String, _ number: Int) throws -> Int32 {
        if let target = targets[label] { return target }
        throw TrainingError(
            code: "label_unknown",
            message: "task \(task.name): row \(number) of a held-out data set has a label "
                + "that the training data set lacks; add training rows of it or remove it")
    }

    /// One text or two as a head reads them; what is too long is cut as it is in serving.
    mutating func read(
        _ text: String, _ textPair: String? = nil, number: Int
    ) throws -> (tokens: [Int32], types: [Int32]) {
        var read = model.inputTokens(text, textPair)
        guard !text.isEmpty, !read.tokens.isEmpty else {
            throw problem(number, "has an empty text")
        }
        if read.tokens.count > maxLength {
            cut += 1
            read = model.inputTokens(text, textPair, tokensMax: maxLength)
        }
        return (read.tokens, textPair == nil ? [] : read.types)
    }

    /// Words with spaces between them.
    mutating func read(words: [String]) -> WordTokens {
        var text = ""
        var ranges: [Range<Int>] = []
        for word in words {
            if !text.isEmpty { text += " " }
            let start = text.utf8.count
            text += word
            ranges.append(start..<text.utf8.count)
        }
        let whole = model.wordTokens(text, words: ranges)
        guard whole.tokens.count > maxLength else { return whole }
        cut += 1
        return model.wordTokens(text, words: ranges, tokensMax: maxLength)
    }

    /// The tokens of an answer and the one that ends it.
    func answer(_ text: String, number: Int) throws -> [Int32] {
        let answer = model.tokenizer.encode(text, parseSpecial: false)
        guard !answer.isEmpty else { throw problem(number, "has an empty completion") }
        return answer + [model.tokenizer.endOfTurn]
    }

    /// A completion after its prompt; an empty prompt makes a plain text.
    mutating func continuation(
        _ prompt: [ChatMessage], _ completion: String, number: Int
    ) throws -> Example {
        let context = prompt.isEmpty ? [] : try model.promptTokens(prompt, format: task.format)
        let whole = try answer(completion, number: number)
        if context.count + whole.count > maxLength { cut += 1 }
        // One position must stay before the first target: there is nothing to predict it from
        // otherwise.
        let kept = Array(whole.prefix(context.isEmpty ? maxLength : maxLength - 1))
        let before = context.suffix(maxLength - kept.count)
        var example = Example(
            task: index, sequence: before + kept, targetStart: max(1, before.count))
        if keepsReferences { example.reference = completion }
        return example
    }

    func problem(_ number: Int, _ what: String) -> TrainingError {
        TrainingError(
            code: "row_empty", message: "task \(task.name): row \(number) \(what)")
    }
}
