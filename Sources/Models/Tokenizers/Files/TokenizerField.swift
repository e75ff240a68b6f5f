import JSON

/// A value inside a tokenizer file with the way to it, so that a message can name it.
struct TokenizerField {
    let value: JSON
    /// `normalizer.normalizers[1].type`
    let path: String

    static let elementsMax = 1024

    var isNull: Bool { value.isNull }

    subscript(name: String) -> TokenizerField {
        TokenizerField(
            value: value[name] ?? .null, path: path.isEmpty ? name : "\(path).\(name)")
    }

    func type() throws -> String { try self["type"].string() }

    func string() throws -> String {
        guard let string = value.string else { throw wrong("a string") }
        return string
    }

    func bytes() throws -> [UInt8] { Array(try string().utf8) }

    func bool(default fallback: Bool? = nil) throws -> Bool {
        if let fallback, isNull { return fallback }
        guard let bool = value.bool else { throw wrong("true or false") }
        return bool
    }

    func integer(in range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int {
        if let fallback, isNull { return fallback }
        guard let integer = value.integer, let exact = Int(exactly: integer),
            range.contains(exact)
        else { throw wrong("an integer from \(range.lowerBound) to \(range.upperBound)") }
        return exact
    }

    /// The elements of an array of steps; `elementsMax` is far beyond what a tokenizer has.
    func elements(max: Int = elementsMax) throws -> [TokenizerField] {
        guard let array = value.array else { throw wrong("an array") }
        guard array.count <= max else {
            throw ModelError.badModel(
                "tokenizer: \(path) has \(array.count) elements, at most \(max) are allowed")
        }
        return array.enumerated().map { index, element in
            TokenizerField(value: element, path: "\(path)[\(index)]")
        }
    }

    /// The one Unicode scalar of a string.
    func scalar() throws -> UInt32 {
        let scalars = try string().unicodeScalars
        guard scalars.count == 1, let scalar = scalars.first else {
            throw wrong("a string of one character")
        }
        return scalar.value
    }

    func wrong(_ expected: String) -> ModelError {
        ModelError.badModel(
            "tokenizer: \(path) must be \(expected), "
                + (isNull ? "it is missing" : "it is \(found)"))
    }

    func unsupported(_ name: String, _ known: [String]) -> ModelError {
        ModelError.badModel(
            "tokenizer: \(path) \(printable(name)) is not supported; supported: "
                + known.joined(separator: ", "))
    }

    private var found: String {
        switch value {
        case .integer(let integer): "\(integer)"
        case .number(let number): "\(number)"
        case .bool(let bool): "\(bool)"
        default: "of type \(value.kindName)"
        }
    }
}
