/// Joins continuing pieces, puts spaces between words, and takes those before punctuation back.
struct WordPieceDecoder: TokenDecoder {
    private let prefix: [UInt8]
    private let cleansUp: Bool

    /// English contractions and punctuation, in this order.
    private static let replacements: [(from: String, to: String)] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
        (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]

    init(_ field: TokenizerField) throws {
        prefix = try field["prefix"].bytes()
        cleansUp = try field["cleanup"].bool()
    }

    func decode(_ tokens: [[UInt8]]) -> [[UInt8]] {
        tokens.enumerated().map { index, token in
            cleaned(index == 0 ? token : joined(token))
        }
    }

    func bytes(inside token: [UInt8]) -> [UInt8] { cleaned(joined(token)) }

    private func joined(_ token: [UInt8]) -> [UInt8] {
        token.starts(with: prefix) ? Array(token.dropFirst(prefix.count)) : [0x20] + token
    }

    private func cleaned(_ token: [UInt8]) -> [UInt8] {
        guard cleansUp, token.contains(0x20) else { return token }
        return Self.replacements.reduce(token) { $0.replacing($1.from.utf8, with: $1.to.utf8) }
    }
}
