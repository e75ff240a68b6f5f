import JSON

/// Unigram segmentation (Kudo 2018): of all ways to write a piece with tokens, the one whose
/// scores add up to most; time is linear in the piece times the longest token.
struct Unigrams: SubwordModel {
    /// How much worse than the worst token an unknown character is.
    static let unknownPenalty = 10.0

    let scores: [Double]
    let unknown: Int32?
    let fallsBackToBytes: Bool
    private let unknownScore: Double
    private let trie: PrefixTrie
    /// By byte: `<0x00>` and following; empty unless the vocabulary has them all.
    private let byteTokens: [Int32]
    /// Sums are rounded as SentencePiece's 32-bit floats are.
    private let roundsToSingle: Bool

    /// - Parameters:
    ///   - scores: of the model's tokens, which are the first of the vocabulary.
    ///   - lowestScore: what an unknown character is worse than; nil: the lowest of all.
    ///   - unusable: tokens that no text becomes (SentencePiece's control and unused pieces).
    init(
        _ vocabulary: Vocabulary, scores: [Double], unknown: Int32?, fallsBackToBytes: Bool,
        unusable: Set<Int32> = [], lowestScore: Double? = nil, roundsToSingle: Bool = false
    ) {
        self.scores = scores
        self.unknown = unknown
        self.fallsBackToBytes = fallsBackToBytes
        self.roundsToSingle = roundsToSingle
        let worst = (lowestScore ?? scores.min() ?? 0) - Self.unknownPenalty
        unknownScore = roundsToSingle ? Double(Float(worst)) : worst
        trie = PrefixTrie(
            scores.indices.filter { !unusable.contains(Int32($0)) }
                .map { (vocabulary.table.bytes(of: $0), Int32($0)) })
        let bytes = (0..<256).map { vocabulary.id(of: ByteToken.text(UInt8($0))) }
        byteTokens = fallsBackToBytes && !bytes.contains(nil) ? bytes.compactMap { $0 } : []
    }

    func encode(_ work: inout Workspace) {
        work.eachWord { word, offset, work in
            findBest(word, &work.path)
            appendBest(word, at: offset, &work.path, &work.tokens)
        }
    }

    @inline(__always)
    private func sum(_ a: Double, _ b: Double) -> Double {
        roundsToSingle ? Double(Float(a + b)) : a + b
    }

    private func findBest(_ word: UnsafeBufferPointer<UInt8>, _ path: inout BestPath) {
        path.steps.resize(word.count + 1)
        let steps = path.steps.base
        for index in 0...word.count {
            steps[index] = BestPath.Step(score: 0, begin: -1, token: -1)
        }
        scores.withUnsafeBufferPointer { scores in
            var begin = 0
            while begin < word.count {
                let here = steps[begin].score
                let single = begin + Scalars.length(word[begin])
                var hasSingle = false
                var node = PrefixTrie.root
                var position = begin
                while position < word.count {
                    node = trie.child(node, word[position])
                    guard node >= 0 else { break }
                    position &+= 1
                    let token = trie.token(node)
                    guard token >= 0 else { continue }
                    if position == single { hasSingle = true }
                    offer(steps, begin, position, token, sum(scores[Int(token)], here))
                }
                if !hasSingle {
                    offer(
                        steps, begin, min(single, word.count), unknown ?? -1,
                        sum(unknownScore, here))
                }
                begin = single
            }
        }
    }

    /// Among equals the first stays.
    @inline(__always)
    private func offer(
        _ steps: UnsafeMutablePointer<BestPath.Step>, _ begin: Int, _ end: Int, _ token: Int32,
        _ score: Double
    ) {
        if steps[end].begin < 0 || score > steps[end].score {
            steps[end] = BestPath.Step(score: score, begin: Int32(begin), token: token)
        }
    }

    /// Neighbouring unknowns become one token, or their bytes.
    private func appendBest(
        _ word: UnsafeBufferPointer<UInt8>, at offset: UInt32, _ path: inout BestPath,
        _ tokens: inout Run<Token>
    ) {
        path.ends.removeAll()
        var end = word.count
        while end > 0 {
            path.ends.append(Int32(end))
            end = Int(path.steps[end].begin)
        }
        var index = path.ends.count - 1
        while index >= 0 {
            let step = path.steps[Int(path.ends[index])]
            guard step.token == unknown || step.token < 0 else {
                tokens.append(
                    Token(
                        id: step.token, begin: offset + UInt32(step.begin),
                        end: offset + UInt32(path.ends[index])))
                index -= 1
                continue
            }
            while index > 0, path.steps[Int(path.ends[index - 1])].token == step.token {
                index -= 1
            }
            let range = Int(step.begin)..<Int(path.ends[index])
            appendUnknown(word, range, at: offset, &tokens)
            index -= 1
        }
    }

    private func appendUnknown(
        _ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, at offset: UInt32,
        _ tokens: inout Run<Token>
    ) {
        let begin = offset + UInt32(range.lowerBound)
        let end = offset + UInt32(range.upperBound)
        // The run as a whole may be a token after all.
        var node = PrefixTrie.root
        for position in range where node >= 0 { node = trie.child(node, word[position]) }
        if node >= 0, case let token = trie.token(node), token >= 0 {
            tokens.append(Token(id: token, begin: begin, end: end))
        } else if !byteTokens.isEmpty {
            for position in range {
                tokens.append(Token(id: byteTokens[Int(word[position])], begin: begin, end: end))
            }
        } else if let unknown {
            tokens.append(Token(id: unknown, begin: begin, end: end))
        }
    }
}
