/// SentencePiece's visible space back to a space; the first token's goes where one was put there.
struct MetaspaceDecoder: TokenDecoder {
    private let metaspace: Metaspace

    init(_ field: TokenizerField) throws { metaspace = try Metaspace(field) }

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.enumerated().map { index, token in
            index == 0 && metaspace.scheme != .never
                ? token.replacing(metaspace.replacement, with: []) : bytes(inside: token)
        }
    }

    func bytes(inside token: [UInt8]) -> [UInt8] {
        token.replacing(metaspace.replacement, with: [0x20])
    }
}

/// The mark at the end of words as a space; none after the last.
struct SuffixDecoder: TokenDecoder {
    private let suffix: [UInt8]

    init(_ field: TokenizerField) throws { suffix = try field["suffix"].bytes() }

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.enumerated().map { index, token in
            index == tokens.count - 1
                ? token.replacing(suffix, with: []) : bytes(inside: token)
        }
    }

    func bytes(inside token: [UInt8]) -> [UInt8] { token.replacing(suffix, with: [0x20]) }
}

/// Joins all tokens into one.
struct Fuse: TokenDecoder {
    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] { [Array(tokens.joined())] }

    func bytes(inside token: [UInt8]) -> [UInt8] { token }
}

/// Takes a character off the ends of every token, so many times at most.
struct StripDecoder: TokenDecoder {
    private let content: [UInt8]
    private let start: Int
    private let stop: Int

    init(_ field: TokenizerField) throws {
        content = Array(String(Unicode.Scalar(try field["content"].scalar()) ?? " ").utf8)
        start = try field["start"].integer(in: 0...1024)
        stop = try field["stop"].integer(in: 0...1024)
    }

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.map { token in
            var rest = token[...]
            for _ in 0..<start where rest.starts(with: content) {
                rest = rest.dropFirst(content.count)
            }
            for _ in 0..<stop where rest.suffix(content.count).elementsEqual(content) {
                rest = rest.dropLast(content.count)
            }
            return Array(rest)
        }
    }

    func bytes(inside token: [UInt8]) -> [UInt8] { token }
}

/// Puts a fixed text in the place of every match in a token.
struct ReplaceDecoder: TokenDecoder {
    private let pattern: TextPattern
    private let content: [UInt8]

    init(_ field: TokenizerField) throws {
        pattern = try TextPattern(field["pattern"])
        content = try field["content"].bytes()
    }

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] { tokens.map { bytes(inside: $0) } }

    func bytes(inside token: [UInt8]) -> [UInt8] {
        token.withUnsafeBufferPointer { text in
            var matches = Run<Match>()
            pattern.matches(in: text, 0..<text.count, &matches)
            var output: [UInt8] = []
            var copied = 0
            for match in matches.elements {
                output += text[copied..<Int(match.begin)]
                output += content
                copied = Int(match.end)
            }
            output += text[copied...]
            return output
        }
    }
}
