/// Reads the regular expressions that tokenizers use: alternatives, groups, classes with Unicode
/// categories, quantifiers of every greed, look-ahead, anchors, `(?i:…)`. Back references,
/// look-behind and names are refused: no tokenizer needs them and they cost linear time.
struct PatternParser {
    static let scalarsMax = 16_384
    static let depthMax = 64
    static let repeatMax = 256

    let source: [UInt32]
    private let path: String
    var position = 0
    var depth = 0
    var ignoresCase = false

    static func parse(_ text: String, _ path: String) throws -> PatternSyntax {
        var parser = PatternParser(text, path)
        parser.ignoresCase = parser.take("(?i)")
        guard parser.source.count <= scalarsMax else {
            throw parser.bad("it is longer than \(scalarsMax) characters")
        }
        let syntax = try parser.alternatives()
        guard parser.position == parser.source.count else { throw parser.bad("unmatched )") }
        return syntax
    }

    private init(_ text: String, _ path: String) {
        source = text.unicodeScalars.map(\.value)
        self.path = path
    }

    func bad(_ reason: String) -> ModelError {
        ModelError.badModel(
            "tokenizer: the pattern at \(path) is not supported: \(reason) (character \(position))")
    }

    // MARK: Reading

    var next: UInt32? { position < source.count ? source[position] : nil }

    func starts(_ text: String) -> Bool {
        source[position...].starts(with: text.unicodeScalars.map(\.value))
    }

    mutating func take(_ text: String) -> Bool {
        guard starts(text) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    mutating func scalar() throws -> UInt32 {
        guard let scalar = next else { throw bad("it ends too early") }
        position += 1
        return scalar
    }

    // MARK: Structure

    private mutating func alternatives() throws -> PatternSyntax {
        depth += 1
        guard depth <= Self.depthMax else { throw bad("groups nest deeper than \(Self.depthMax)") }
        defer { depth -= 1 }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws -> PatternSyntax {
        var parts: [PatternSyntax] = []
        while let scalar = next, scalar != ascii("|"), scalar != ascii(")") {
            parts.append(try quantified())
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func quantified() throws -> PatternSyntax {
        var syntax = try atom()
        while let (low, high) = try bounds() {
            let isInterval = source[position - 1] == ascii("}")
            var greed = PatternSyntax.Greed.greedy
            if take("?") {
                greed = .lazy
            } else if !isInterval, take("+") {
                // After an interval Oniguruma reads a plus as one more quantifier.
                greed = .possessive
            }
            syntax = .repeated(syntax, min: low, max: high, greed)
        }
        return syntax
    }

    private mutating func bounds() throws -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = position
        guard take("{") else { return nil }
        let low = number()
        var high = low
        if take(",") { high = number() }
        let isOpen = source[position - 1] == ascii(",")
        guard take("}"), low != nil || high != nil else {
            // A brace that is no quantifier is a brace.
            position = start
            return nil
        }
        guard (low ?? 0) <= Self.repeatMax, (high ?? 0) <= Self.repeatMax,
            isOpen || (low ?? 0) <= (high ?? 0)
        else { throw bad("repetition beyond \(Self.repeatMax)") }
        return (low ?? 0, isOpen ? nil : high)
    }

    /// Whatever is written; larger ones count as one beyond every limit.
    private mutating func number() -> Int? {
        var value: Int?
        while let digit = next, (0x30...0x39).contains(digit) {
            value = min((value ?? 0) * 10 + Int(digit - 0x30), 1_000_000)
            position += 1
        }
        return value
    }

    private mutating func atom() throws -> PatternSyntax {
        if starts("(") { return try group() }
        if starts("[") { return .scalars(try bracket()) }
        if take("^") { return .lineBegin }
        if take("$") { return .lineEnd }
        if take(".") { return .scalars(.any) }
        if starts("\\") { return try escaped() }
        if let scalar = next, "*+?".unicodeScalars.contains(where: { $0.value == scalar }) {
            throw bad("a quantifier without what it repeats")
        }
        return .scalars(literal(try scalar()))
    }

    private mutating func group() throws -> PatternSyntax {
        let outerCase = ignoresCase
        defer { ignoresCase = outerCase }
        var wrap: (PatternSyntax) -> PatternSyntax = { $0 }
        if take("(?:") {
        } else if take("(?i:") {
            ignoresCase = true
        } else if take("(?=") {
            wrap = { .lookahead($0, isNegative: false) }
        } else if take("(?!") {
            wrap = { .lookahead($0, isNegative: true) }
        } else if take("(?>") {
            wrap = { .atomic($0) }
        } else if starts("(?") || starts("(*") {
            throw bad("this group; known are (…), (?:…), (?i:…), (?=…), (?!…), (?>…)")
        } else {
            position += 1
        }
        let inner = try alternatives()
        guard take(")") else { throw bad("a group without its end") }
        return wrap(inner)
    }

    func ascii(_ character: Unicode.Scalar) -> UInt32 { character.value }

    /// A character by itself; with its other cases where case is ignored.
    func literal(_ scalar: UInt32) -> PatternClass {
        var items: [PatternClass.Item] = [.range(scalar, scalar)]
        if ignoresCase, let unicode = Unicode.Scalar(scalar) {
            for text in [unicode.properties.lowercaseMapping, unicode.properties.uppercaseMapping] {
                if text.unicodeScalars.count == 1, let other = text.unicodeScalars.first {
                    items.append(.range(other.value, other.value))
                }
            }
            // Long s and the Kelvin sign fold to ASCII.
            if scalar | 0x20 == 0x73 { items.append(.range(0x17F, 0x17F)) }
            if scalar | 0x20 == 0x6B { items.append(.range(0x212A, 0x212A)) }
        }
        return PatternClass(items: items)
    }
}
