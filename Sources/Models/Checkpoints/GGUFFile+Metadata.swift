extension GGUFFile {
    /// - Throws: `bad_model` when the key is missing or is no integer in `range`.
    func integer(_ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws
        -> Int
    {
        guard let value = metadata[key] else {
            if let fallback { return fallback }
            throw ModelError.badModel("GGUF: the metadata lacks \(key)")
        }
        guard case .integer(let integer) = value, range.contains(integer) else {
            throw ModelError.badModel(
                "GGUF: \(key) must be an integer from \(range.lowerBound) to \(range.upperBound)"
                    + Self.found(value))
        }
        return integer
    }

    func number(_ key: String, in range: ClosedRange<Double>, default fallback: Double? = nil)
        throws -> Double
    {
        guard let value = metadata[key] else {
            if let fallback { return fallback }
            throw ModelError.badModel("GGUF: the metadata lacks \(key)")
        }
        guard case .number(let number) = value, range.contains(number) else {
            throw ModelError.badModel(
                "GGUF: \(key) must be a number from \(range.lowerBound) to \(range.upperBound)"
                    + Self.found(value))
        }
        return number
    }

    /// nil when the key is absent or no string.
    func string(_ key: String) -> String? {
        guard case .string(let text)? = metadata[key] else { return nil }
        return text
    }

    func strings(_ key: String) throws -> GGUFStrings {
        guard case .strings(let strings)? = metadata[key] else {
            throw ModelError.badModel("GGUF: the metadata lacks the strings \(key)")
        }
        return strings
    }

    private static func found(_ value: GGUFValue) -> String {
        switch value {
        case .integer(let integer): ", it is \(integer)"
        case .number(let number): ", it is \(number)"
        default: ""
        }
    }
}
