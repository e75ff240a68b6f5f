import Datasets
import Models
import Spec

/// Turns the rows of one task into examples, the way serving will see them.
struct RowEncoder {
    let model: Model
    let task: TaskSpec
    let index: Int
    let labels: [String]
    let maxLength: Int
    /// Rows that were cut to `maxLength` so far.
    private(set) var cut = 0

    init(_ model: Model, task: TaskSpec, index: Int, labels: [String], maxLength: Int) {
        self.model = model
        self.task = task
        self.index = index
        self.labels = labels
        self.maxLength = maxLength
    }

    /// - Parameter number: the row's place in its data set, from 1, for messages.
    /// - Throws: `TrainingError` for a row that the task cannot use.
    mutating func example(_ row: Row, number: Int) throws -> Example {
        switch (task.kind, row) {
        case (.classification, .labelled(let text, let label)):
            return try classification(text, label, number)
        case (.generation, .completion(let prompt, let completion)):
            let message = ChatMessage(role: "user", content: prompt)
            return try generation([message], completion, number)
        case (.generation, .messages(let messages)):
            guard let last = messages.lastIndex(where: { $0.role == "assistant" }) else {
                throw problem(number, "has no message of the role assistant to learn")
            }
            let prompt = messages[..<last].map { ChatMessage(role: $0.role, content: $0.content) }
            return try generation(prompt, messages[last].content, number)
        case (.generation, .text(let text)):
            return try generation([], text, number)
        default:
            let needs =
                task.kind == .classification
                ? "text and label" : "prompt and completion, messages, or text"
            throw TrainingError(
                code: "dataset_format",
                message: "task \(task.name): \(task.kind.rawValue) needs rows of \(needs); "
                    + "row \(number) has other columns")
        }
    }

    private mutating func classification(
        _ text: String, _ label: String, _ number: Int
    ) throws -> Example {
        guard let target = labels.firstIndex(of: label) else {
            throw TrainingError(
                code: "label_unknown",
                message: "task \(task.name): row \(number) of a held-out data set has a label "
                    + "that the training data set lacks; add training rows of it or remove it")
        }
        let message = ChatMessage(role: "user", content: text)
        let tokens = try model.promptTokens([message], format: task.format)
        guard !tokens.isEmpty else { throw problem(number, "has an empty text") }
        if tokens.count > maxLength { cut += 1 }
        return Example(
            task: index, tokens: Array(tokens.prefix(maxLength)), targets: [Int32(target)])
    }

    private mutating func generation(
        _ prompt: [ChatMessage], _ completion: String, _ number: Int
    ) throws -> Example {
        let context = prompt.isEmpty ? [] : try model.promptTokens(prompt, format: task.format)
        let answer = model.tokenizer.encode(completion, parseSpecial: false)
        guard !answer.isEmpty else { throw problem(number, "has an empty completion") }
        let whole = answer + [model.tokenizer.endOfTurn]
        if context.count + whole.count > maxLength { cut += 1 }
        // One position must stay before the first target: there is nothing to predict it from
        // otherwise.
        let kept = Array(whole.prefix(context.isEmpty ? maxLength : maxLength - 1))
        let before = context.suffix(maxLength - kept.count)
        return Example(
            task: index, sequence: before + kept, targetStart: max(1, before.count))
    }

    private func problem(_ number: Int, _ what: String) -> TrainingError {
        TrainingError(
            code: "row_empty", message: "task \(task.name): row \(number) \(what)")
    }
}
