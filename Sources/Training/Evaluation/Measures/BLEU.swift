import Glibc

/// BLEU of a corpus with one reference a text (Papineni et al. 2002), 0 to 100: n-grams up to four,
/// brevity penalty, tokens by the rules of mteval-v13a, and exponential smoothing, as sacreBLEU
/// computes it by default (`nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp`).
struct BLEU {
    private static let order = 4

    private var matches = [Int](repeating: 0, count: order)
    private var totals = [Int](repeating: 0, count: order)
    private var writtenLength = 0
    private var referenceLength = 0

    mutating func add(_ written: String, reference: String) {
        let words = Self.words(written)
        let wanted = Self.words(reference)
        writtenLength += words.count
        referenceLength += wanted.count
        for length in 1...Self.order {
            let found = Self.counts(words, length)
            let allowed = Self.counts(wanted, length)
            totals[length - 1] += max(0, words.count - length + 1)
            matches[length - 1] += found.reduce(0) { $0 + min($1.value, allowed[$1.key] ?? 0) }
        }
    }

    var score: Double {
        guard matches.contains(where: { $0 > 0 }) else { return 0 }
        var logs = 0.0
        var smoothing = 1.0
        for (match, total) in zip(matches, totals) {
            // No text is long enough for an n-gram of this length: there is no such precision.
            guard total > 0 else { return 0 }
            if match == 0 { smoothing *= 2 }
            logs += log((match == 0 ? 1 / smoothing : Double(match)) / Double(total))
        }
        let shortage = Double(referenceLength) / Double(writtenLength)
        return 100 * exp(min(0, 1 - shortage) + logs / Double(Self.order))
    }

    /// As bytes: other than Swift's strings, two ways to write an accent are two words.
    private static func words(_ text: String) -> [[UInt8]] {
        MtevalTokens.all(in: text).map { Array($0.utf8) }
    }

    private static func counts(_ words: [[UInt8]], _ length: Int) -> [ArraySlice<[UInt8]>: Int] {
        guard words.count >= length else { return [:] }
        var counts: [ArraySlice<[UInt8]>: Int] = [:]
        for start in 0...words.count - length {
            counts[words[start..<start + length], default: 0] += 1
        }
        return counts
    }
}
