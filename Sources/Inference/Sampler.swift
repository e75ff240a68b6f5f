import Glibc
import Models

/// Chooses tokens from logits. One sampler per continuation: it owns the random numbers.
struct Sampler {
    private let options: GenerationOptions
    private var generator: SplitMix64
    /// Tokens of prompt and continuation, for the repetition penalty.
    private var seen: Set<Int32> = []

    init(_ options: GenerationOptions, prompt: [Int32]) {
        self.options = options
        generator = SplitMix64(seed: options.seed)
        if options.repetitionPenalty != 1 { seen = Set(prompt) }
    }

    /// Chooses from `[V]` logits, which it overwrites. Order as in Transformers: repetition
    /// penalty, temperature, top k, top p, min p.
    mutating func next(_ logits: UnsafeMutableBufferPointer<Float>) -> Int32 {
        penalise(logits)
        let token =
            options.temperature <= 0 || options.topK == 1
            ? Self.largest(UnsafeBufferPointer(logits)) : sample(logits)
        if options.repetitionPenalty != 1 { seen.insert(Int32(token)) }
        return Int32(token)
    }

    /// Keskar et al. 2019, "CTRL", section 4.1.
    private func penalise(_ logits: UnsafeMutableBufferPointer<Float>) {
        let penalty = Float(options.repetitionPenalty)
        for token in seen where Int(token) < logits.count {
            let value = logits[Int(token)]
            logits[Int(token)] = value > 0 ? value / penalty : value * penalty
        }
    }

    /// The first of the largest.
    static func largest(_ values: UnsafeBufferPointer<Float>) -> Int {
        var best = 0
        var i = 1
        while i < values.count {
            if values[i] > values[best] { best = i }
            i &+= 1
        }
        return best
    }

    private mutating func sample(_ logits: UnsafeMutableBufferPointer<Float>) -> Int {
        let peak = logits[Self.largest(UnsafeBufferPointer(logits))]
        let inverse = Float(1 / options.temperature)
        var total = 0.0
        var i = 0
        while i < logits.count {
            let weight = expf((logits[i] - peak) * inverse)
            logits[i] = weight
            total += Double(weight)
            i &+= 1
        }
        let isCut = options.topK > 0 || options.topP < 1 || options.minP > 0
        guard isCut else { return draw(logits, total) }
        let kept = candidates(UnsafeBufferPointer(logits), total)
        return drawCandidate(kept)
    }

    private mutating func draw(_ weights: UnsafeMutableBufferPointer<Float>, _ total: Double)
        -> Int
    {
        var rest = generator.uniform() * total
        var chosen = 0
        var i = 0
        while i < weights.count {
            if weights[i] > 0 {
                chosen = i
                rest -= Double(weights[i])
                if rest < 0 { break }
            }
            i &+= 1
        }
        return chosen
    }

    private typealias Candidate = (token: Int, weight: Float)

    /// Likeliest first; the weight of the likeliest of all is 1.
    private func candidates(_ weights: UnsafeBufferPointer<Float>, _ total: Double) -> [Candidate] {
        var kept: [Candidate]
        if options.topK > 0 {
            kept = TopSelection.largest(options.topK, of: weights).map { ($0, weights[$0]) }
        } else {
            // Tokens below (1 − p)/V hold less than 1 − p together: none is in the nucleus.
            let share = options.topP < 1 ? (1 - options.topP) * total / Double(weights.count) : 0
            let floor = Float(max(share, options.minP))
            kept = weights.indices.lazy.filter { weights[$0] >= floor * 0.999 }
                .map { ($0, weights[$0]) }
            kept.sort { $0.weight > $1.weight || ($0.weight == $1.weight && $0.token < $1.token) }
        }
        if options.topP < 1 {
            let all = options.topK > 0 ? kept.reduce(0.0) { $0 + Double($1.weight) } : total
            var sum = 0.0
            let count = kept.firstIndex {
                sum += Double($0.weight)
                return sum >= options.topP * all
            }
            if let count { kept.removeLast(kept.count - count - 1) }
        }
        // The likeliest token's weight is 1, so the weights are ratios to it.
        let floor = Float(options.minP)
        return kept.enumerated().filter { $0.offset == 0 || $0.element.weight >= floor }
            .map(\.element)
    }

    private mutating func drawCandidate(_ candidates: [Candidate]) -> Int {
        var rest = generator.uniform() * candidates.reduce(0.0) { $0 + Double($1.weight) }
        for candidate in candidates {
            rest -= Double(candidate.weight)
            if rest < 0 { return candidate.token }
        }
        return candidates.last?.token ?? 0
    }
}
