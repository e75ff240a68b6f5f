import JSON
import Pool
import WorkerProtocol

/// What was generated so far, choice by choice.
struct GenerationRecord: Sendable {
    private(set) var texts: [String]
    private(set) var reasons: [String?]
    private(set) var logprobs: [[TokenLogprob]]
    /// Unicode scalars of the tokens in `logprobs`, by choice.
    private(set) var logprobScalars: [Int]
    private(set) var tokens = 0
    private(set) var usage: GenerateUsage?
    private let keepsLogprobs: Bool

    init(choices: Int, logprobs: Bool) {
        texts = Array(repeating: "", count: choices)
        reasons = Array(repeating: nil, count: choices)
        self.logprobs = Array(repeating: [], count: choices)
        logprobScalars = Array(repeating: 0, count: choices)
        keepsLogprobs = logprobs
    }

    mutating func take(_ output: GenerateOutput) {
        switch output {
        case .usage(let usage): self.usage = usage
        case .delta(let delta):
            guard texts.indices.contains(delta.choice) else { return }
            texts[delta.choice] += delta.text
            tokens += delta.tokens
            if keepsLogprobs {
                logprobs[delta.choice] += delta.logprobs
                logprobScalars[delta.choice] += delta.logprobScalars
            }
            if let reason = delta.finishReason { reasons[delta.choice] = reason }
        }
    }

    /// Ends the choices that are still going on.
    /// - Returns: which they were.
    mutating func end(_ reason: String) -> [Int] {
        let open = reasons.indices.filter { reasons[$0] == nil }
        for choice in open { reasons[choice] = reason }
        return open
    }

    /// nil where nobody asked for them.
    func logprobs(of choice: Int) -> [TokenLogprob]? {
        keepsLogprobs ? logprobs[choice] : nil
    }

    /// Counts; the prompt's tokens are null where the generation did not come to its end.
    var usageJSON: JSON {
        let prompt = usage?.promptTokens
        let completion = usage?.completionTokens ?? tokens
        return [
            "prompt_tokens": prompt.map { .count($0) } ?? nil,
            "completion_tokens": .count(completion),
            "total_tokens": prompt.map { .count($0 + completion) } ?? nil,
        ]
    }

    var timings: JSON {
        guard let usage else { return nil }
        let perSecond =
            usage.decodeSeconds > 0 ? Double(usage.completionTokens) / usage.decodeSeconds : nil
        return [
            "prompt_seconds": .measure(usage.promptSeconds),
            "decode_seconds": .measure(usage.decodeSeconds),
            "tokens_per_second": .measure(perSecond),
        ]
    }
}

extension GenerateDelta {
    /// Unicode scalars of its tokens.
    var logprobScalars: Int { logprobs.reduce(0) { $0 + $1.token.unicodeScalars.count } }
}
