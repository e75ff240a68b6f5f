// From a parsed object to a row. Columns that no format knows are ignored (and listed in the
// summary's `columns`); `labels` and `score` belong to formats not accepted yet, and dropping
// them silently would train on something else than was meant, so they are refused.
// A label may be a string, a number or a boolean: the latter two become their JSON text.

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
        for column in ["labels", "score"] where object[column] != nil {
            throw RowFault(column, "rows with this column are not supported; use `label`")
        }
        if let format { return (try row(object, as: format), object) }
        return (try row(object, as: try suggested(object)), object)
    }

    /// The format of an object by its columns; nil when it has none of any format.
    static func suggestedFormat(_ names: (String) -> Bool) -> RowFormat? {
        if names("messages") { return .messages }
        if names("prompt") || names("completion") { return .completion }
        if names("label") { return .labelled }
        return names("text") ? .text : nil
    }

    static func suggested(_ object: JSONObject) throws(RowFault) -> RowFormat {
        guard let format = suggestedFormat({ object[$0] != nil }) else {
            throw RowFault(
                nil,
                "needs the columns text and label, prompt and completion, messages, or text")
        }
        return format
    }

    private static func row(_ object: JSONObject, as format: RowFormat) throws(RowFault) -> Row {
        switch format {
        case .labelled:
            let text = try text("text", in: object)
            return .labelled(text: text, label: try label(in: object))
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
        switch value {
        case .string(let label): return try notBlank(label, "label")
        case .bool, .integer, .number: return value.text
        default:
            throw RowFault(
                "label", "must be a string, a number or a boolean, found \(value.kindName)")
        }
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
