import JSON

/// Reads the members of one JSON object strictly: each with its type and range, and at the end
/// (`finish`) no member that nobody asked for. `null` counts as absent.
struct FieldReader {
    /// Where the object stands, for messages: `tasks[0].`; empty for the body itself.
    let path: String
    private let object: JSONObject
    private var seen: Set<String> = []

    init(_ json: JSON, path: String = "") throws {
        guard let object = json.object else {
            let subject = path.isEmpty ? "the body" : "`\(path)`"
            throw APIError(
                .invalidValue, "\(subject) must be an object, found \(json.kindName)",
                parameter: path.isEmpty ? nil : path)
        }
        self.object = object
        self.path = path.isEmpty ? "" : path + "."
    }

    func parameter(_ name: String) -> String { path + name }

    /// The names of the members, in their order.
    var names: [String] { object.names }

    mutating func value(_ name: String) -> JSON? {
        seen.insert(name)
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    mutating func string(_ name: String) throws -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw mismatch(name, "a string", value) }
        return text
    }

    mutating func identifier(_ name: String) throws -> String? {
        guard let text = try string(name) else { return nil }
        guard Identifier.isValid(text) else {
            throw invalid(name, "must be \(Identifier.rule), found \(text.utf8.count) bytes")
        }
        return text
    }

    mutating func choice(_ name: String, of choices: [String]) throws -> String? {
        guard let text = try string(name) else { return nil }
        guard choices.contains(text) else {
            let found = Identifier.shown(text)
            throw invalid(name, "must be one of \(Identifier.list(choices)), found \(found)")
        }
        return text
    }

    mutating func flag(_ name: String) throws -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.bool else { throw mismatch(name, "true or false", value) }
        return flag
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = value(name) else { return nil }
        let rule = "an integer from \(range.lowerBound) to \(range.upperBound)"
        guard let integer = value.integer else { throw mismatch(name, rule, value) }
        guard range.contains(Int(integer)) else { throw mismatch(name, rule, value) }
        return Int(integer)
    }

    /// - Parameter openBelow: the lower bound itself is not allowed.
    mutating func number(
        _ name: String, in range: ClosedRange<Double>, openBelow: Bool = false
    ) throws -> Double? {
        guard let value = value(name) else { return nil }
        let lower = openBelow ? "above \(range.lowerBound)" : "from \(range.lowerBound)"
        let rule = "a number \(lower) to \(range.upperBound)"
        guard let number = value.number, number.isFinite, range.contains(number),
            !(openBelow && number == range.lowerBound)
        else { throw mismatch(name, rule, value) }
        return number
    }

    mutating func array(_ name: String) throws -> [JSON]? {
        guard let value = value(name) else { return nil }
        guard let array = value.array else { throw mismatch(name, "an array", value) }
        return array
    }

    mutating func object(_ name: String) throws -> FieldReader? {
        guard let value = value(name) else { return nil }
        return try FieldReader(value, path: parameter(name))
    }

    /// - Throws: `APIError` when a member was not read.
    func finish() throws {
        guard let unknown = object.names.first(where: { !seen.contains($0) }) else { return }
        let known = Identifier.list(seen.sorted(), max: 40)
        guard Identifier.isValid(unknown) else {
            throw APIError(
                .unknownField,
                "an unknown field of \(unknown.utf8.count) bytes; known here: \(known)")
        }
        let name = parameter(unknown)
        throw APIError(
            .unknownField, "`\(name)` is not a known field; known here: \(known)",
            parameter: name)
    }

    func invalid(_ name: String, _ rule: String) -> APIError {
        APIError.invalid(parameter(name), rule)
    }

    func missing(_ name: String, _ what: String) -> APIError {
        APIError.missing(parameter(name), what)
    }

    private func mismatch(_ name: String, _ rule: String, _ value: JSON) -> APIError {
        invalid(name, "must be \(rule), found \(Self.found(value))")
    }

    /// A number as it is, of everything else only the type: texts are the user's.
    static func found(_ value: JSON) -> String {
        switch value {
        case .integer(let integer): "\(integer)"
        case .number(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        case .string(let text): "a string of \(text.utf8.count) bytes"
        default: value.kindName
        }
    }
}
