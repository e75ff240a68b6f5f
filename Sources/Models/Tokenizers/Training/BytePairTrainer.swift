import JSON

/// Learns byte-level byte-pair encoding from texts (Sennrich et al. 2016): the pair that occurs
/// most often becomes a token, again and again. Gives the merges that Hugging Face's BpeTrainer
/// gives for the same texts: of pairs that occur equally often the one of the smaller ids.
package struct BytePairTrainer {
    package struct Options: Sendable {
        /// Tokens in all: the special ones, the 256 bytes, and the merges.
        package var vocabularySize = 8192
        /// A pair that occurs less often is no token.
        package var frequencyMin = 2
        /// Their ids are the first; the first of them ends a text.
        package var specialTokens = ["<|endoftext|>"]

        package init() {}
    }

    static let vocabularyRange = 257...(1 << 20)

    private struct Word {
        var symbols: [Int32]
        var count: Int
    }

    private let options: Options
    private var counts: [[UInt8]: Int] = [:]
    private var words: [Word] = []
    private var pairCounts: [UInt64: Int] = [:]
    private var places: [UInt64: Set<Int32>] = [:]
    private var queue = PairQueue()

    /// - Throws: `invalid_input` for a vocabulary without room for bytes, or special tokens that
    ///   are empty or doubled.
    package init(_ options: Options = Options()) throws {
        let special = options.specialTokens
        guard !special.isEmpty, Set(special.map { Array($0.utf8) }).count == special.count,
            special.allSatisfy({ $0.utf8.count > 1 && $0.utf8.count <= Vocabulary.tokenBytesMax })
        else {
            throw ModelError.invalidInput(
                "special_tokens must be different texts of two bytes or more, at least one")
        }
        guard Self.vocabularyRange.contains(options.vocabularySize),
            options.vocabularySize >= 256 + special.count
        else {
            throw ModelError.invalidInput(
                "vocabulary_size must be \(256 + special.count) to "
                    + "\(Self.vocabularyRange.upperBound), it is \(options.vocabularySize)")
        }
        self.options = options
    }

    /// Counts the words of a text.
    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var pieces = Run<Match>()
            WordShape.gpt2.words(
                in: bytes, Match(begin: 0, end: UInt32(bytes.count)), &pieces)
            for piece in pieces.elements {
                counts[Array(bytes[Int(piece.begin)..<Int(piece.end)]), default: 0] += 1
            }
        }
    }

    /// The tokenizer for all texts that were added.
    package mutating func train() throws -> any Tokenizer {
        // The alphabet in the order of its characters, not of its bytes.
        let alphabet = (0..<256).sorted {
            ByteAlphabet.scalarOfByte[$0] < ByteAlphabet.scalarOfByte[$1]
        }
        var texts = options.specialTokens.map { Array($0.utf8) }
        var tokenOfByte = [Int32](repeating: 0, count: 256)
        for byte in alphabet {
            tokenOfByte[byte] = Int32(texts.count)
            texts.append(ByteAlphabet.text(of: [UInt8(byte)]))
        }
        countPairs(tokenOfByte)
        var known: [[UInt8]: Int32] = [:]
        for (id, text) in texts.enumerated() { known[text] = Int32(id) }
        var merges: [(left: Int32, right: Int32)] = []
        while texts.count < options.vocabularySize, let pair = nextPair() {
            let (left, right) = PairQueue.tokens(pair)
            let text = texts[Int(left)] + texts[Int(right)]
            // Two ways can lead to one token.
            let token = known[text] ?? Int32(texts.count)
            if known[text] == nil {
                known[text] = token
                texts.append(text)
            }
            merges.append((left, right))
            merge(pair, into: token)
        }
        return try tokenizer(texts, merges)
    }

    // MARK: Counting

    private mutating func countPairs(_ tokenOfByte: [Int32]) {
        words = counts.map { word, count in
            Word(symbols: word.map { tokenOfByte[Int($0)] }, count: count)
        }
        for (index, word) in words.enumerated() {
            for (left, right) in zip(word.symbols, word.symbols.dropFirst()) {
                let pair = PairTable.key(left, right)
                pairCounts[pair, default: 0] += word.count
                places[pair, default: []].insert(Int32(index))
            }
        }
        for (pair, count) in pairCounts { queue.push(pair, count) }
    }

    /// The pair that occurs most often now; nil when none occurs often enough.
    private mutating func nextPair() -> UInt64? {
        while let (pair, count) = queue.pop() {
            let present = pairCounts[pair] ?? 0
            if present != count {
                // The count has changed since: it goes back to where it belongs.
                if present > 0 { queue.push(pair, present) }
                continue
            }
            return count >= max(1, options.frequencyMin) ? pair : nil
        }
        return nil
    }

    private mutating func merge(_ pair: UInt64, into token: Int32) {
        let (left, right) = PairQueue.tokens(pair)
        var changed: Set<UInt64> = []
        for index in places.removeValue(forKey: pair) ?? [] {
            let word = words[Int(index)]
            var symbols: [Int32] = []
            symbols.reserveCapacity(word.symbols.count)
            var position = 0
            while position < word.symbols.count {
                let symbol = word.symbols[position]
                guard symbol == left, position + 1 < word.symbols.count,
                    word.symbols[position + 1] == right
                else {
                    symbols.append(symbol)
                    position += 1
                    continue
                }
                if let before = symbols.last {
                    pairCounts[PairTable.key(before, left), default: 0] -= word.count
                    note(before, token, word.count, index, &changed)
                }
                position += 2
                symbols.append(token)
                if position < word.symbols.count {
                    let after = word.symbols[position]
                    pairCounts[PairTable.key(right, after), default: 0] -= word.count
                    note(token, after, word.count, index, &changed)
                }
            }
            words[Int(index)].symbols = symbols
        }
        pairCounts[pair] = 0
        for pair in changed {
            if let count = pairCounts[pair], count > 0 { queue.push(pair, count) }
        }
    }

    private mutating func note(
        _ left: Int32, _ right: Int32, _ count: Int, _ index: Int32, _ changed: inout Set<UInt64>
    ) {
        let pair = PairTable.key(left, right)
        pairCounts[pair, default: 0] += count
        places[pair, default: []].insert(index)
        changed.insert(pair)
    }

    // MARK: The result

    private func tokenizer(
        _ texts: [[UInt8]], _ merges: [(left: Int32, right: Int32)]
    ) throws -> any Tokenizer {
        let vocabulary = try Vocabulary(texts.enumerated().map { ($1, $0) })
        let byteLevel: JSON = [
            "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
            "use_regex": true,
        ]
        var tokenizer = try PipelineTokenizer(
            PipelineTokenizer.Description(
                preTokenizer: byteLevel, postProcessor: byteLevel, decoder: byteLevel),
            vocabulary: vocabulary,
            added: options.specialTokens.enumerated().map {
                AddedToken(Array($1.utf8), id: Int32($0))
            }
        ) { worksOnBytes in
            try BytePairs(
                vocabulary, modelTokens: texts.map { _ in true }, merges: merges,
                options: BytePairs.Options(), worksOnBytes: worksOnBytes)
        }
        tokenizer.nameSpecialTokens()
        tokenizer.special.eos = 0
        tokenizer.setEnds()
        return tokenizer
    }
}
