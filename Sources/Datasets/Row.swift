package import JSON

/// One row, canonical. Stored as one JSON object a line (JSONL) whatever was uploaded.
package enum Row: Sendable {
    case labelled(text: String, label: String)
    /// Any number of labels, none included.
    case multiLabel(text: String, labels: [String])
    case scored(text: String, score: Double)
    case pair(text: String, textPair: String, label: String)
    /// A tag for each word.
    case tagged(tokens: [String], tags: [String])
    case completion(prompt: String, completion: String)
    case messages([(role: String, content: String)])
    case text(String)

    package var format: RowFormat {
        switch self {
        case .labelled: .labelled
        case .multiLabel: .multiLabel
        case .scored: .scored
        case .pair: .pair
        case .tagged: .tagged
        case .completion: .completion
        case .messages: .messages
        case .text: .text
        }
    }

    /// The canonical object: the format's columns in their fixed order, nothing else.
    package var json: JSON {
        func array(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }
        return switch self {
        case .labelled(let text, let label): ["text": .string(text), "label": .string(label)]
        case .multiLabel(let text, let labels): ["text": .string(text), "labels": array(labels)]
        case .scored(let text, let score): ["text": .string(text), "score": .number(score)]
        case .pair(let text, let textPair, let label):
            ["text": .string(text), "text_pair": .string(textPair), "label": .string(label)]
        case .tagged(let tokens, let tags): ["tokens": array(tokens), "tags": array(tags)]
        case .completion(let prompt, let completion):
            ["prompt": .string(prompt), "completion": .string(completion)]
        case .messages(let messages):
            [
                "messages": .array(
                    messages.map { ["role": .string($0.role), "content": .string($0.content)] })
            ]
        case .text(let text): ["text": .string(text)]
        }
    }

    /// The texts that a model reads, in order; of a completion or a conversation also what it
    /// should write.
    package var texts: [String] {
        switch self {
        case .labelled(let text, _), .multiLabel(let text, _), .scored(let text, _),
            .text(let text):
            [text]
        case .pair(let text, let textPair, _): [text, textPair]
        case .tagged(let tokens, _): tokens
        case .completion(let prompt, let completion): [prompt, completion]
        case .messages(let messages): messages.map(\.content)
        }
    }

    /// Unicode scalars of all its texts, labels excluded.
    package var characters: Int { texts.reduce(0) { $0 + $1.unicodeScalars.count } }

    /// Its labels: one, any number, or one for each word; empty for formats without labels.
    package var labels: [String] {
        switch self {
        case .labelled(_, let label), .pair(_, _, let label): [label]
        case .multiLabel(_, let labels): labels
        case .tagged(_, let tags): tags
        case .scored, .completion, .messages, .text: []
        }
    }

    /// What makes two rows the same question: all that comes before the answer.
    package var question: String {
        switch self {
        case .completion(let prompt, _): prompt
        case .messages(let messages):
            messages[..<(messages.lastIndex { $0.role == "assistant" } ?? messages.endIndex)]
                .map { "\($0.role)\u{0}\($0.content)" }.joined(separator: "\u{0}")
        default: texts.joined(separator: "\u{0}")
        }
    }

    /// Parses one canonical line.
    /// - Throws: `DatasetError` with code `corrupt`.
    package init(line: some Collection<UInt8>) throws {
        do {
            self = try RowReader.row(try JSON.parse(line), as: nil).row
        } catch let error as RowFault {
            throw DatasetError(
                code: "corrupt",
                message: "a stored row is not readable: "
                    + (error.column.map { "\($0) " } ?? "") + error.message)
        } catch let error as JSONError {
            throw DatasetError(
                code: "corrupt", message: "a stored row is not JSON: \(error.message)")
        }
    }
}

extension Row: Equatable {
    package static func == (a: Row, b: Row) -> Bool { a.json == b.json }
}
