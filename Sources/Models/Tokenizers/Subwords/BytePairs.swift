import JSON

/// Byte-pair encoding (Sennrich et al. 2016; on bytes, Radford et al. 2019): the symbols of a
/// piece merge in the order in which training joined them. O(n log n) for any piece.
struct BytePairs: SubwordModel {
    struct Options: Sendable, Equatable {
        var unknown: String?
        var fusesUnknown = false
        /// A character without a token becomes the tokens `<0x00>` to `<0xFF>` of its bytes.
        var fallsBackToBytes = false
        /// A piece that is a token needs no merges.
        var ignoresMerges = false
        /// Before every character but the first.
        var continuingPrefix: [UInt8] = []
        /// After the last character.
        var endSuffix: [UInt8] = []
    }

    let options: Options
    /// Pairs of tokens as the vocabulary writes them, in the order of their ranks.
    let mergeList: [(left: Int32, right: Int32)]
    let unknown: Int32?
    let modelTokens: [Bool]
    /// Tokens as the pieces hold them: as bytes when `worksOnBytes`, else as written.
    private let table: TokenTable
    private let merges: PairTable
    let worksOnBytes: Bool
    /// By byte: the tokens of single bytes; -1 where the vocabulary has none.
    private let byteTokens: [Int32]
    /// By byte: `<0x00>` and following; empty unless the vocabulary has them all.
    private let fallbackTokens: [Int32]

    /// - Parameters:
    ///   - modelTokens: which of the vocabulary's tokens are the model's own.
    ///   - ranks: a rank for each merge where merges can be equal; nil: their order.
    ///   - worksOnBytes: pieces come as bytes, not written in the byte alphabet.
    /// - Throws: `bad_model` for merges of what is not in the vocabulary.
    init(
        _ vocabulary: Vocabulary, modelTokens: [Bool], merges list: [(left: Int32, right: Int32)],
        ranks: [UInt32]? = nil, options: Options, worksOnBytes: Bool
    ) throws {
        self.options = options
        self.modelTokens = modelTokens
        self.worksOnBytes = worksOnBytes
        mergeList = list
        var table = TokenTable(capacity: vocabulary.count)
        for token in 0..<vocabulary.count {
            let text = vocabulary.table.bytes(of: token)
            let bytes = worksOnBytes ? ByteAlphabet.bytes(of: text) : Array(text)
            table.append(bytes ?? Array(text), findable: modelTokens[token] && bytes != nil)
        }
        self.table = table
        var merges = PairTable(capacity: list.count)
        var joined: [UInt8] = []
        for (index, pair) in list.enumerated() {
            joined.removeAll(keepingCapacity: true)
            joined += table.bytes(of: Int(pair.left))
            joined += table.bytes(of: Int(pair.right)).dropFirst(options.continuingPrefix.count)
            guard let result = table.token(joined) else {
                throw ModelError.badModel(
                    "tokenizer: merge \(index) makes a token that is not in the vocabulary")
            }
            // Of equal pairs the last counts, as in the library that writes these files.
            merges.set(
                pair.left, pair.right,
                PairTable.Merge(rank: ranks?[index] ?? UInt32(index), result: result),
                replaces: true)
        }
        self.merges = merges
        byteTokens = (0..<256).map { table.token([UInt8($0)]) ?? -1 }
        let fallback = (0..<256).map { vocabulary.id(of: ByteToken.text(UInt8($0))) }
        fallbackTokens =
            options.fallsBackToBytes && !fallback.contains(nil) ? fallback.compactMap { $0 } : []
        unknown = try options.unknown.map { name in
            guard let id = vocabulary.id(of: name) else {
                throw ModelError.badModel(
                    "tokenizer: model.unk_token \(printable(name)) is not in the vocabulary")
            }
            return id
        }
    }

    func encode(_ work: inout Workspace) {
        work.eachWord { word, offset, work in
            encode(word, at: offset, &work.symbols, &work.tokens)
        }
    }

    private func encode(
        _ word: UnsafeBufferPointer<UInt8>, at offset: UInt32, _ symbols: inout SymbolChain,
        _ tokens: inout Run<Token>
    ) {
        if options.ignoresMerges, let token = table.token(word) {
            tokens.append(Token(id: token, begin: offset, end: offset + UInt32(word.count)))
            return
        }
        symbols.removeAll()
        if worksOnBytes, unknown == nil, fallbackTokens.isEmpty {
            // A byte without a token is dropped, as the library does.
            for byte in word where byteTokens[Int(byte)] >= 0 {
                symbols.append(byteTokens[Int(byte)], length: 1)
            }
        } else {
            appendCharacters(word, &symbols)
        }
        symbols.mergeAll(merges)
        symbols.append(to: &tokens, at: offset)
    }

    private func appendCharacters(
        _ word: UnsafeBufferPointer<UInt8>, _ symbols: inout SymbolChain
    ) {
        let isDecorated = !options.continuingPrefix.isEmpty || !options.endSuffix.isEmpty
        var unknownLength = 0
        var position = 0
        while position < word.count {
            let length =
                worksOnBytes ? 1 : min(Scalars.length(word[position]), word.count - position)
            let character = UnsafeBufferPointer(rebasing: word[position..<position + length])
            let token =
                isDecorated
                ? decorated(
                    character, isFirst: position == 0, isLast: position + length == word.count)
                : table.token(character)
            position += length
            if let token {
                if unknownLength > 0 {
                    symbols.append(unknown ?? 0, length: unknownLength)
                    unknownLength = 0
                }
                symbols.append(token, length: length)
            } else if !fallbackTokens.isEmpty {
                // Deviation kept from the library: bytes go before a pending unknown.
                for byte in character {
                    symbols.append(fallbackTokens[Int(byte)], length: 1)
                }
            } else if let unknown {
                if unknownLength > 0, !options.fusesUnknown {
                    symbols.append(unknown, length: unknownLength)
                    unknownLength = 0
                }
                unknownLength += length
            }
        }
        if unknownLength > 0, let unknown { symbols.append(unknown, length: unknownLength) }
    }

    private func decorated(
        _ character: UnsafeBufferPointer<UInt8>, isFirst: Bool, isLast: Bool
    ) -> Int32? {
        var bytes: [UInt8] = isFirst ? [] : options.continuingPrefix
        bytes += character
        if isLast { bytes += options.endSuffix }
        return table.token(bytes)
    }
}

/// The tokens that stand for single bytes: `<0x0A>`.
enum ByteToken {
    static func text(_ byte: UInt8) -> String {
        let digits = Array("0123456789ABCDEF")
        return "<0x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])>"
    }

    /// The byte that a token of this form stands for.
    static func byte(_ text: some Collection<UInt8>) -> UInt8? {
        guard text.count == 6, text.starts(with: Array("<0x".utf8)) else { return nil }
        let digits = Array(text)
        guard digits[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: digits[3..<5], as: UTF8.self), radix: 16)
    }
}
