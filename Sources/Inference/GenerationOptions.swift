/// How the tokens of one continuation are chosen, and when it ends. Temperature 0 is greedy.
package struct GenerationOptions: Sendable {
    package var maxTokens = 256
    /// 0: no limit.
    package var topK = 0
    /// Alternatives reported per token; 0 turns log-probabilities off.
    package var logprobs = 0
    package var temperature = 0.0
    package var topP = 1.0
    package var minP = 0.0
    package var repetitionPenalty = 1.0
    package var seed: UInt64 = 0
    package var stop: [String] = []

    package init() {}
}
