// From a parsed object to a row. Columns that no format knows are ignored (and listed in the
// summary's `columns`). A label may be a string, a number or a boolean: the latter two become
// their JSON text.

import JSON

enum RowReader {
    static let roles = ["system", "user", "assistant"]

    /// The row in `value`. With `format` the columns of that format are asked for, else those of
    /// the format that the columns present suggest.
    static func row(
        _ value: JSON, as format: RowFormat?
    ) throws(RowFault) -> (row: Row, object: JSONObject) {
        guard let object = value.object else {
            throw RowFault(nil, "must be a JSON object, found \(value.kindName)")
        }
        try RowFormat.refuseTwoAnswers { object[$0] != nil }
        if let format { return (try row(object, as: format), object) }
        return (try row(object, as: try suggested(object)), object)
    }

    static func suggested(_ object: JSONObject) throws(RowFault) -> RowFormat {
        guard let format = RowFormat.suggested(by: { object[$0] != nil }) else {
            throw RowFault(
                nil, "needs the columns \(RowFormat.described(RowFormat.allCases))")
        }
        return format
    }

    private static func row(_ object: JSONObject, as format: RowFormat) throws(RowFault) -> Row {
        switch format {
        case .labelled:
            let text = try text("text", in: object)
            return .labelled(text: text, label: try label(in: object))
        case .multiLabel:
            let text = try text("text", in: object)
            return .multiLabel(text: text, labels: try labels(in: object))
        case .scored:
            let text = try text("text", in: object)
            return .scored(text: text, score: try score(in: object))
        case .pair:
            let text = try text("text", in: object)
            let textPair = try Self.text("text_pair", in: object)
            return .pair(text: text, textPair: textPair, label: try label(in: object))
        case .tagged: return try tagged(in: object)
        case .completion:
            let prompt = try text("prompt", in: object)
            return .completion(prompt: prompt, completion: try text("completion", in: object))
        case .messages: return .messages(try messages(in: object))
        case .text: return .text(try text("text", in: object))
        }
    }

    private static func text(_ column: String, in object: JSONObject) throws(RowFault) -> String {
        guard let value = object[column], !value.isNull else { throw RowFault(column, "missing") }
        guard let text = value.string else {
            throw RowFault(column, "must be a string, found \(value.kindName)")
        }
        return try notBlank(text, column)
    }

    static func notBlank(_ text: String, _ column: String) throws(RowFault) -> String {
        guard text.utf8.contains(where: { !isSpace($0) }) else {
            throw RowFault(column, "must not be empty")
        }
        return text
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func label(in object: JSONObject) throws(RowFault) -> String {
        guard let value = object["label"], !value.isNull else {
            throw RowFault("label", "missing")
        }
        return try label(value, "label")
    }

    private static func label(_ value: JSON, _ column: String) throws(RowFault) -> String {
        switch value {
        case .string(let label): return try notBlank(label, column)
        case .bool, .integer, .number: return value.text
        default:
            throw RowFault(
                column, "must be a string, a number or a boolean, found \(value.kindName)")
        }
    }

    private static func array(
        _ column: String, in object: JSONObject
    ) throws(RowFault) -> [JSON] {
        guard let value = object[column], !value.isNull else { throw RowFault(column, "missing") }
        guard let entries = value.array else {
            throw RowFault(column, "must be an array, found \(value.kindName)")
        }
        return entries
    }

    private static func labels(in object: JSONObject) throws(RowFault) -> [String] {
        var labels: [String] = []
        for (index, value) in try array("labels", in: object).enumerated() {
            let label = try label(value, "labels[\(index)]")
            guard !labels.contains(label) else {
                throw RowFault("labels[\(index)]", "is there twice")
            }
            labels.append(label)
        }
        return labels
    }

    private static func score(in object: JSONObject) throws(RowFault) -> Double {
        guard let value = object["score"], !value.isNull else {
            throw RowFault("score", "missing")
        }
        guard let number = value.number else {
            throw RowFault("score", "must be a number, found \(value.kindName)")
        }
        return try score(number)
    }

    /// Held to what a model computes with: 32-bit floats, squared.
    static func score(_ number: Double) throws(RowFault) -> Double {
        guard number.magnitude <= 1e9 else {
            throw RowFault("score", "must be from -1e9 to 1e9, found \(number)")
        }
        return number
    }

    private static func tagged(in object: JSONObject) throws(RowFault) -> Row {
        var tokens: [String] = []
        for (index, value) in try array("tokens", in: object).enumerated() {
            guard let token = value.string else {
                throw RowFault(
                    "tokens[\(index)]", "must be a string, found \(value.kindName)")
            }
            tokens.append(try notBlank(token, "tokens[\(index)]"))
        }
        guard !tokens.isEmpty else { throw RowFault("tokens", "must not be empty") }
        var tags: [String] = []
        for (index, value) in try array("tags", in: object).enumerated() {
            tags.append(try label(value, "tags[\(index)]"))
        }
        guard tags.count == tokens.count else {
            throw RowFault(
                "tags", "must be as many as tokens (\(tokens.count)), found \(tags.count)")
        }
        return .tagged(tokens: tokens, tags: tags)
    }

    private static func messages(
        in object: JSONObject
    ) throws(RowFault) -> [(role: String, content: String)] {
        guard let value = object["messages"], !value.isNull else {
            throw RowFault("messages", "missing")
        }
        guard let entries = value.array, !entries.isEmpty else {
            throw RowFault("messages", "must be an array of at least one message")
        }
        var messages: [(role: String, content: String)] = []
        for (index, entry) in entries.enumerated() {
            let column = "messages[\(index)]"
            guard let message = entry.object else {
                throw RowFault(column, "must be an object, found \(entry.kindName)")
            }
            guard let role = message["role"]?.string, roles.contains(role) else {
                throw RowFault("\(column).role", "must be system, user or assistant")
            }
            guard let content = message["content"]?.string else {
                throw RowFault("\(column).content", "must be a string")
            }
            messages.append((role, try notBlank(content, "\(column).content")))
        }
        guard messages.contains(where: { $0.role == "assistant" }) else {
            throw RowFault("messages", "needs a message of the assistant to learn from")
        }
        return messages
    }
}
