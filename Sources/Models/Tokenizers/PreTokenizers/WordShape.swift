/// The splitting of GPT-2 and of its descendants, by hand: the patterns are fixed, and a scanner
/// that knows them is several times as fast as a regular expression.
///
/// gpt2: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
///
/// cl100k (Llama 3, Qwen 2 and others): `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|`
/// `\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
enum WordShape: Sendable, Equatable {
    case gpt2
    /// - Parameter digits: n, how many number characters stay together.
    case cl100k(digits: Int)

    /// The shape of a pattern as tokenizers write it, where it is one of these.
    init?(pattern: String) {
        let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
        if pattern == gpt2 || pattern == "'(?:[sdmt]|ll|ve|re)" + gpt2.dropFirst(23) {
            self = .gpt2
            return
        }
        let parts = (
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#,
            #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        )
        switch pattern {
        case parts.0 + parts.1: self = .cl100k(digits: 1)
        case parts.0 + "{1,3}" + parts.1: self = .cl100k(digits: 3)
        default: return nil
        }
    }

    /// Appends the words of `piece`; together they cover it.
    func words(
        in text: UnsafeBufferPointer<UInt8>, _ piece: Match, _ output: inout Run<Match>
    ) {
        guard let base = text.baseAddress else { return }
        let scanner = WordScanner(text: base, end: Int(piece.end))
        var position = Int(piece.begin)
        while position < scanner.end {
            let end: Int
            switch self {
            case .gpt2: end = scanner.gpt2WordEnd(position)
            case .cl100k(let digits): end = scanner.cl100kWordEnd(position, digits)
            }
            output.append(Match(begin: UInt32(position), end: UInt32(end)))
            position = end
        }
    }
}
