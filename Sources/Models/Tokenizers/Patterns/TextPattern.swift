/// A range of bytes that a pattern matches.
struct Match: BitwiseCopyable {
    var begin: UInt32
    var end: UInt32
}

/// What a tokenizer.json calls a pattern: a literal text or a regular expression.
struct TextPattern: Sendable {
    private enum Kind {
        case literal([UInt8])
        case expression(PatternProgram)
    }

    /// Looking for one takes its length times that of the text.
    static let literalBytesMax = 256

    private let kind: Kind

    init(literal: [UInt8]) { kind = .literal(literal) }

    /// - Throws: `bad_model` naming the construct of the expression that is not supported.
    init(_ field: TokenizerField) throws {
        if field["String"].isNull {
            kind = .expression(try PatternProgram(try field["Regex"].string(), field.path))
        } else {
            let literal = try field["String"].bytes()
            guard literal.count <= Self.literalBytesMax else {
                throw field["String"].wrong("at most \(Self.literalBytesMax) bytes long")
            }
            kind = .literal(literal)
        }
    }

    /// nil for an expression.
    var literal: [UInt8]? {
        if case .literal(let literal) = kind { literal } else { nil }
    }

    /// Appends the matches in `range`, which is all that the pattern sees, from left to right,
    /// without overlap. An empty literal matches nothing.
    func matches(
        in text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ output: inout Run<Match>
    ) {
        switch kind {
        case .literal(let literal): find(literal, in: text, range, &output)
        case .expression(let program): program.matches(in: text, range, &output)
        }
    }

    private func find(
        _ literal: [UInt8], in text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>,
        _ output: inout Run<Match>
    ) {
        guard let first = literal.first else { return }
        literal.withUnsafeBufferPointer { literal in
            var position = range.lowerBound
            let last = range.upperBound - literal.count
            while position <= last {
                var matched = text[position] == first ? 1 : 0
                if matched == 1 {
                    while matched < literal.count,
                        text[position + matched] == literal[matched]
                    { matched += 1 }
                }
                guard matched == literal.count else {
                    position += 1
                    continue
                }
                output.append(
                    Match(begin: UInt32(position), end: UInt32(position + matched)))
                position += matched
            }
        }
    }
}
