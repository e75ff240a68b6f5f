/// How much longer a step makes a text, in bytes: at most.
enum NormalizerGrowth {
    /// Each match of a text with one of the bytes `reads` (nil: any) becomes `factor` times as long
    /// and of the bytes `writes`.
    case replaces(factor: Int, reads: Set<UInt8>?, writes: Set<UInt8>)
    /// So many bytes are put before each text, which may have one.
    case adds(Int, writes: Set<UInt8>)
    /// The bytes change; what the lengths do is bounded by Unicode.
    case rewrites

    /// SentencePiece's own map makes 33 bytes of a character, and what follows it makes three of one.
    static let factorMax = 256

    /// Steps that feed each other multiply: without a bound a few of them make of one character
    /// more than any memory holds.
    /// - Throws: `bad_model`.
    static func check(_ steps: [any Normalizer]) throws {
        // What the texts so far may consist of, and how long they have grown; nil: any bytes.
        var grown: [(bytes: Set<UInt8>?, factor: Int)] = []
        for step in steps {
            switch step.growth {
            case .rewrites: grown = grown.map { (nil, $0.factor) }
            case .adds(let count, let writes):
                grown.append((writes, count + (grown.map(\.factor).max() ?? 1)))
            case .replaces(let factor, let reads, let writes):
                let feeding =
                    grown.filter { earlier in
                        guard let bytes = earlier.bytes, let reads else { return true }
                        return !bytes.isDisjoint(with: reads)
                    }.map(\.factor).max() ?? 1
                let (product, isOver) = feeding.multipliedReportingOverflow(by: factor)
                grown.append((writes, isOver ? .max : product))
            }
            guard let most = grown.map(\.factor).max(), most > factorMax else { continue }
            throw ModelError.badModel(
                "tokenizer: normalizer makes a text more than \(factorMax) times as long; shorten "
                    + "what its steps put in")
        }
    }
}
