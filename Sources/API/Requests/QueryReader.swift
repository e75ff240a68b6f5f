import HTTP

/// Reads query parameters strictly: each at most once, and none that nobody asked for.
struct QueryReader {
    private var values: [String: String] = [:]
    private var seen: Set<String> = []

    init(_ request: Request) throws {
        for (name, value) in request.query {
            guard values.updateValue(value, forKey: name) == nil else {
                throw APIError(
                    .invalidValue, "the query parameter \(Identifier.shown(name)) is given twice",
                    parameter: Identifier.isValid(name) ? name : nil)
            }
        }
    }

    mutating func string(_ name: String) -> String? {
        seen.insert(name)
        return values[name]
    }

    mutating func identifier(
        _ name: String, bytesMax: Int = Identifier.bytesMax
    ) throws -> String? {
        guard let text = string(name) else { return nil }
        guard Identifier.isValid(text, bytesMax: bytesMax) else {
            throw APIError.invalid(
                name,
                "must be \(Identifier.rule(bytesMax: bytesMax)), found \(text.utf8.count) bytes")
        }
        return text
    }

    mutating func choice(_ name: String, of choices: [String]) throws -> String? {
        guard let text = string(name) else { return nil }
        guard choices.contains(text) else {
            throw APIError.invalid(
                name,
                "must be one of \(Identifier.list(choices)), found \(Identifier.shown(text))")
        }
        return text
    }

    mutating func flag(_ name: String) throws -> Bool? {
        try choice(name, of: ["true", "false"]).map { $0 == "true" }
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = string(name) else { return nil }
        guard let value = Self.decimal(text), range.contains(value) else {
            throw APIError.invalid(
                name,
                "must be an integer from \(range.lowerBound) to \(range.upperBound), found "
                    + Identifier.shown(text))
        }
        return value
    }

    /// `limit`, `after` and `order`, as every list takes them.
    mutating func page(_ limits: APILimits) throws -> PageRequest {
        PageRequest(
            limit: try integer("limit", in: 1...limits.pageRowsMax) ?? 20,
            after: try identifier("after"),
            descending: try choice("order", of: ["asc", "desc"]) != "asc")
    }

    /// - Throws: `APIError` when a parameter was not read.
    func finish() throws {
        guard let unknown = values.keys.sorted().first(where: { !seen.contains($0) }) else {
            return
        }
        let known = seen.isEmpty ? "none" : Identifier.list(seen.sorted(), max: 20)
        throw APIError(
            .unknownField,
            "the query parameter \(Identifier.shown(unknown)) is not known; known here: \(known)",
            parameter: Identifier.isValid(unknown) ? unknown : nil)
    }

    /// Digits only, at most 18 of them.
    static func decimal(_ text: String) -> Int? {
        let digits = text.utf8
        guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}

/// What a list was asked for.
struct PageRequest {
    var limit: Int
    var after: String?
    var descending: Bool
}
