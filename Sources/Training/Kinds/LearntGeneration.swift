import Datasets
import Models
import Multitask
import NN

/// A text to be answered: cross-entropy of its tokens and of the one that ends it.
protocol TextKind: LearntKind {}

extension TextKind {
    func measure(labels: [String]) -> any Measure { TextMeasure() }

    /// Its outputs are too many to be kept: `ImportanceEstimator` draws answers token by token.
    func sampled(
        _ example: Example, outputs: [Float], using generator: inout SeededGenerator
    ) -> Example { example }
}

/// The text that goes on from a prompt, by a decoder.
struct LearntGeneration: TextKind {
    func example(_ row: Row, number: Int, _ encoder: inout RowEncoder) throws -> Example? {
        switch row {
        case .completion(let prompt, let completion):
            let message = ChatMessage(role: "user", content: prompt)
            return try encoder.continuation([message], completion, number: number)
        case .messages(let messages):
            guard let last = messages.lastIndex(where: { $0.role == "assistant" }) else {
                throw encoder.problem(number, "has no message of the role assistant to learn")
            }
            let prompt = messages[..<last].map { ChatMessage(role: $0.role, content: $0.content) }
            return try encoder.continuation(prompt, messages[last].content, number: number)
        case .text(let text): return try encoder.continuation([], text, number: number)
        default: return nil
        }
    }

    var readout: Readout { .next }
}

/// The text that an encoder with a decoder writes after reading another.
struct LearntSequenceToSequence: TextKind {
    func example(_ row: Row, number: Int, _ encoder: inout RowEncoder) throws -> Example? {
        guard case .completion(let prompt, let completion) = row else { return nil }
        let read = try encoder.read(prompt, number: number).tokens
        let written = try encoder.answer(completion, number: number)
        var example = Example(
            task: encoder.index, reading: read,
            writing: Array(written.prefix(encoder.maxLength)))
        if written.count > encoder.maxLength { encoder.cut += 1 }
        if encoder.keepsReferences { example.reference = completion }
        return example
    }

    var readout: Readout { .written }
}
