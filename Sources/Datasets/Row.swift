package import JSON

/// One row, canonical. Stored as one JSON object a line (JSONL) whatever was uploaded.
package enum Row: Sendable {
    case labelled(text: String, label: String)
    case completion(prompt: String, completion: String)
    case messages([(role: String, content: String)])
    case text(String)

    package var format: RowFormat {
        switch self {
        case .labelled: .labelled
        case .completion: .completion
        case .messages: .messages
        case .text: .text
        }
    }

    /// The canonical object: the format's columns in their fixed order, nothing else.
    package var json: JSON {
        switch self {
        case .labelled(let text, let label): ["text": .string(text), "label": .string(label)]
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

    /// Unicode scalars of all its texts, label excluded.
    package var characters: Int {
        switch self {
        case .labelled(let text, _), .text(let text): text.unicodeScalars.count
        case .completion(let prompt, let completion):
            prompt.unicodeScalars.count + completion.unicodeScalars.count
        case .messages(let messages):
            messages.reduce(0) { $0 + $1.content.unicodeScalars.count }
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
    package static func == (a: Row, b: Row) -> Bool {
        switch (a, b) {
        case (.labelled(let text, let label), .labelled(let otherText, let otherLabel)):
            text == otherText && label == otherLabel
        case (.completion(let prompt, let end), .completion(let otherPrompt, let otherEnd)):
            prompt == otherPrompt && end == otherEnd
        case (.messages(let messages), .messages(let others)):
            messages.elementsEqual(others, by: ==)
        case (.text(let text), .text(let other)): text == other
        default: false
        }
    }
}

/// Which columns the rows of a data set have; one data set has one format.
package enum RowFormat: String, Sendable, CaseIterable {
    case labelled, completion, messages, text

    /// The columns it needs, in canonical order.
    package var columns: [String] {
        switch self {
        case .labelled: ["text", "label"]
        case .completion: ["prompt", "completion"]
        case .messages: ["messages"]
        case .text: ["text"]
        }
    }
}
