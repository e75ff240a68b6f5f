/// Byte-level byte-pair encoding (Radford et al. 2019), as GPT-2, Llama 3 and SmolLM use it.
/// Time is O(n log n) for any text.
struct ByteLevelBPE: Tokenizer {
    struct Special: Sendable {
        let bytes: [UInt8]
        let token: Int32
    }

    struct Merge: Sendable {
        let rank: UInt32
        let result: Int32
    }

    let endTokens: Set<Int32>
    let endOfTurn: Int32
    /// By first byte; longest first, so that a name that begins another does not hide it.
    let specials: [UInt8: [Special]]
    let isSpecial: Set<Int32>
    let table: TokenTable
    /// By byte; -1 where the vocabulary has none.
    let byteTokens: [Int32]
    let merges: [UInt64: Merge]
    let preTokenizer: PreTokenizer

    var vocabularySize: Int { table.count }

    static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    func bytes(of token: Int32) -> [UInt8] {
        guard token >= 0, token < table.count, !isSpecial.contains(token) else { return [] }
        return Array(table.bytes(of: Int(token)))
    }

    func encode(_ parts: [TextPart]) -> [Int32] {
        var bytes: [UInt8] = []
        var trusted: [Range<Int>] = []
        for part in parts {
            let begin = bytes.count
            bytes += part.text.utf8
            guard part.isTrusted else { continue }
            if let last = trusted.last, last.upperBound == begin {
                trusted[trusted.count - 1] = last.lowerBound..<bytes.count
            } else {
                trusted.append(begin..<bytes.count)
            }
        }
        var tokens: [Int32] = []
        bytes.withUnsafeBufferPointer { text in
            var begin = 0
            for range in trusted {
                var position = range.lowerBound
                while position < range.upperBound {
                    guard let special = special(text, position, range.upperBound) else {
                        position += 1
                        continue
                    }
                    appendPlain(text, begin..<position, to: &tokens)
                    tokens.append(special.token)
                    position += special.bytes.count
                    begin = position
                }
            }
            appendPlain(text, begin..<text.count, to: &tokens)
        }
        return tokens
    }

    private func special(_ text: UnsafeBufferPointer<UInt8>, _ position: Int, _ end: Int)
        -> Special?
    {
        specials[text[position]]?.first { special in
            special.bytes.count <= end - position
                && special.bytes.elementsEqual(text[position..<position + special.bytes.count])
        }
    }

    private func appendPlain(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, to tokens: inout [Int32]
    ) {
        guard !range.isEmpty else { return }
        let piece = UnsafeBufferPointer(rebasing: text[range])
        preTokenizer.words(piece) { word in
            appendWord(UnsafeBufferPointer(rebasing: piece[word]), to: &tokens)
        }
    }

    /// Merges the pair of lowest rank, the leftmost first, until none is left.
    private func appendWord(_ word: UnsafeBufferPointer<UInt8>, to tokens: inout [Int32]) {
        var chain = MergeChain(word.map { byteTokens[Int($0)] }.filter { $0 >= 0 }, merges)
        chain.mergeAll()
        chain.append(to: &tokens)
    }
}
