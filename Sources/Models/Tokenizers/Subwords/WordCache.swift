/// The tokens of words met before. A word has one place, by its hash; a newer word takes it over.
struct WordCache: ~Copyable {
    struct Entry: BitwiseCopyable {
        var hash: UInt64
        var bytes: UInt32
        var tokens: UInt32
        var byteCount: UInt16
        var tokenCount: UInt16
    }

    static let entriesMax = 1 << 14
    static let wordBytesMax = 128
    /// Beyond, everything is forgotten at once.
    private static let poolBytesMax = 1 << 20

    private var entries = Run<Entry>(capacity: entriesMax)
    private var bytes = Run<UInt8>()
    private var tokens = Run<Token>()

    init() { clear() }

    private mutating func clear() {
        entries.removeAll()
        for _ in 0..<Self.entriesMax {
            entries.append(Entry(hash: 0, bytes: 0, tokens: 0, byteCount: 0, tokenCount: 0))
        }
        bytes.removeAll()
        tokens.removeAll()
    }

    /// Appends the tokens of `word` as they lie at `offset`; false when they are not known.
    @inline(__always)
    func append(
        _ word: UnsafeBufferPointer<UInt8>, _ hash: UInt64, at offset: UInt32,
        to output: inout Run<Token>
    ) -> Bool {
        let entry = entries[Int(truncatingIfNeeded: hash) & (Self.entriesMax - 1)]
        guard entry.hash == hash, Int(entry.byteCount) == word.count else { return false }
        let known = bytes.base + Int(entry.bytes)
        for index in 0..<word.count where known[index] != word[index] { return false }
        for index in Int(entry.tokens)..<Int(entry.tokens) + Int(entry.tokenCount) {
            let token = tokens[index]
            output.append(
                Token(id: token.id, begin: token.begin + offset, end: token.end + offset))
        }
        return true
    }

    /// Keeps the tokens from `first` on as those of `word`, which lies at `offset`.
    mutating func keep(
        _ word: UnsafeBufferPointer<UInt8>, _ hash: UInt64, at offset: UInt32,
        _ output: borrowing Run<Token>, from first: Int
    ) {
        guard word.count <= Self.wordBytesMax, output.count - first <= Self.wordBytesMax else {
            return
        }
        if bytes.count + 12 * tokens.count > Self.poolBytesMax { clear() }
        entries[Int(truncatingIfNeeded: hash) & (Self.entriesMax - 1)] = Entry(
            hash: hash, bytes: UInt32(bytes.count), tokens: UInt32(tokens.count),
            byteCount: UInt16(word.count), tokenCount: UInt16(output.count - first))
        bytes.append(word)
        for index in first..<output.count {
            let token = output[index]
            tokens.append(
                Token(id: token.id, begin: token.begin - offset, end: token.end - offset))
        }
    }
}

extension Workspace {
    /// Appends every piece's tokens: those that are known, else what `encode` appends.
    @inline(__always)
    mutating func eachWord(
        _ encode: (
            _ word: UnsafeBufferPointer<UInt8>, _ offset: UInt32, _ work: inout Workspace
        ) -> Void
    ) {
        let text = cutting.text.bytes.elements
        for index in 0..<cutting.pieces.count {
            let piece = cutting.pieces[index]
            let word = UnsafeBufferPointer(rebasing: text[Int(piece.begin)..<Int(piece.end)])
            let isShort = word.count <= WordCache.wordBytesMax
            let hash = isShort ? ByteHash.of(word) : 0
            if isShort, cache.append(word, hash, at: piece.begin, to: &tokens) { continue }
            let first = tokens.count
            encode(word, piece.begin, &self)
            if isShort { cache.keep(word, hash, at: piece.begin, tokens, from: first) }
        }
    }
}
