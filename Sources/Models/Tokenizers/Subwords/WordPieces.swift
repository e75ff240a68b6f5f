import JSON

/// WordPiece (Schuster and Nakajima 2012, as BERT applies it): the longest token that begins the
/// word, then the longest continuing one, and so on; a word that does not come out even is
/// unknown as a whole.
struct WordPieces: SubwordModel {
    let unknownText: String
    let continuingPrefix: String
    let wordCharactersMax: Int
    let unknown: Int32?
    private let unknownToken: Int32
    private let trie: PrefixTrie
    /// The node after the continuing prefix; -1 when no token has it.
    private let continuing: Int32
    let modelTokens: [Bool]

    /// - Throws: `bad_model` when the vocabulary lacks the unknown token.
    init(
        _ vocabulary: Vocabulary, modelTokens: [Bool], unknown: String, continuingPrefix: String,
        wordCharactersMax: Int
    ) throws {
        guard let token = vocabulary.id(of: unknown) else {
            throw ModelError.badModel(
                "tokenizer: model.unk_token \(printable(unknown)) is not in the vocabulary")
        }
        unknownText = unknown
        unknownToken = token
        self.unknown = token
        self.continuingPrefix = continuingPrefix
        self.wordCharactersMax = wordCharactersMax
        self.modelTokens = modelTokens
        trie = PrefixTrie(
            vocabulary.entries(where: modelTokens).map {
                (vocabulary.table.bytes(of: $0), Int32($0))
            })
        continuing = trie.node(after: continuingPrefix.utf8)
    }

    func encode(_ work: inout Workspace) {
        let text = work.cutting.text.bytes.elements
        for index in 0..<work.cutting.pieces.count {
            let piece = work.cutting.pieces[index]
            encode(
                UnsafeBufferPointer(rebasing: text[Int(piece.begin)..<Int(piece.end)]),
                at: piece.begin, &work.tokens)
        }
    }

    @inline(__always)
    private func encode(
        _ word: UnsafeBufferPointer<UInt8>, at offset: UInt32, _ tokens: inout Run<Token>
    ) {
        let first = tokens.count
        var begin = isTooLong(word) ? -1 : 0
        while begin >= 0, begin < word.count {
            var node = begin == 0 ? PrefixTrie.root : continuing
            var best: Int32 = -1
            var bestEnd = 0
            var position = begin
            while node >= 0, position < word.count {
                node = trie.child(node, word[position])
                guard node >= 0 else { break }
                position &+= 1
                let token = trie.token(node)
                if token >= 0 {
                    best = token
                    bestEnd = position
                }
            }
            guard best >= 0 else {
                begin = -1
                break
            }
            tokens.append(
                Token(id: best, begin: offset + UInt32(begin), end: offset + UInt32(bestEnd)))
            begin = bestEnd
        }
        if begin < 0 {
            tokens.resize(first)
            tokens.append(
                Token(id: unknownToken, begin: offset, end: offset + UInt32(word.count)))
        }
    }

    private func isTooLong(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
        guard word.count > wordCharactersMax else { return false }
        var characters = 0
        for byte in word where byte & 0xC0 != 0x80 {
            characters += 1
            if characters > wordCharactersMax { return true }
        }
        return false
    }
}

extension Vocabulary {
    /// The ids whose flag is set.
    func entries(where flags: [Bool]) -> [Int] { (0..<count).filter { flags[$0] } }
}
