package import JSON

/// A model's config.json, or the same in its words: every value is checked where it is read.
package struct ConfigFile: Sendable, Equatable {
    package var json: JSONObject

    package init(_ json: JSONObject) {
        self.json = json
    }

    /// - Throws: `bad_model` when the text is no JSON object.
    init(text: String) throws {
        guard let value = try? JSON.parse(Self.finite(text)), let object = value.object else {
            throw ModelError.badModel("config.json: it is not a JSON object")
        }
        json = object
    }

    /// Python writes numbers that JSON lacks; nothing that is read here may be one, so they become
    /// texts, which are refused where a number is asked for.
    private static func finite(_ text: String) -> String {
        guard text.contains("Infinity") || text.contains("NaN") else { return text }
        return text.replacing(/(:\s*)(-?Infinity|NaN)/) {
            "\($0.output.1)\"\($0.output.2)\""
        }
    }

    /// nil where the key is absent or null.
    func value(_ key: String) -> JSON? {
        // Spelt out: `nil` in a closure could be read as JSON's null, which is a value.
        guard let found = json[key], !found.isNull else { return nil }
        return found
    }

    /// The first of the keys that is there, for families that spell one thing in two ways.
    private func first(_ keys: [String]) -> (key: String, value: JSON)? {
        keys.lazy.compactMap { key in value(key).map { (key, $0) } }.first
    }

    /// - Throws: `bad_model` when no key is there or the value is no integer in `range`.
    func integer(_ keys: String..., in range: ClosedRange<Int>, default fallback: Int? = nil)
        throws -> Int
    {
        guard let (key, value) = first(keys) else {
            if let fallback { return fallback }
            throw missing(keys)
        }
        guard let integer = value.integer.flatMap({ Int(exactly: $0) }), range.contains(integer)
        else {
            throw ModelError.badModel(
                "config.json: \(key) must be an integer from \(range.lowerBound) to "
                    + "\(range.upperBound), it is \(found(value))")
        }
        return integer
    }

    func number(
        _ keys: String..., in range: ClosedRange<Double>, default fallback: Double? = nil
    ) throws -> Double {
        guard let (key, value) = first(keys) else {
            if let fallback { return fallback }
            throw missing(keys)
        }
        guard let number = value.number, range.contains(number) else {
            throw ModelError.badModel(
                "config.json: \(key) must be a number from \(range.lowerBound) to "
                    + "\(range.upperBound), it is \(found(value))")
        }
        return number
    }

    func flag(_ key: String, default fallback: Bool) throws -> Bool {
        guard let value = value(key) else { return fallback }
        guard let flag = value.bool else {
            throw ModelError.badModel("config.json: \(key) must be true or false")
        }
        return flag
    }

    func text(_ key: String, default fallback: String? = nil) throws -> String {
        guard let value = value(key) else {
            if let fallback { return fallback }
            throw missing([key])
        }
        guard let text = value.string else {
            throw ModelError.badModel("config.json: \(key) must be a string")
        }
        return text
    }

    /// A nested object; nil where it is absent or null.
    func section(_ key: String) throws -> ConfigFile? {
        guard let value = value(key) else { return nil }
        guard let object = value.object else {
            throw ModelError.badModel(
                "config.json: \(key) must be an object, it is \(found(value))")
        }
        return ConfigFile(object)
    }

    /// - Throws: `bad_model` unless the key is absent or has one of the values.
    func require(_ key: String, oneOf known: [String]) throws {
        let text = try text(key, default: known.first)
        guard known.contains(text) else {
            throw ModelError.badModel(
                "config.json: \(key) \(printable(text)) is not supported, only "
                    + known.joined(separator: ", "))
        }
    }

    private func missing(_ keys: [String]) -> ModelError {
        ModelError.badModel("config.json: \(keys.joined(separator: " or ")) is missing")
    }

    private func found(_ value: JSON) -> String {
        switch value {
        case .integer(let integer): "\(integer)"
        case .number(let number): "\(number)"
        default: "of type \(value.kindName)"
        }
    }
}

extension ConfigFile: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(text: decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(JSON.object(json).text)
    }
}
