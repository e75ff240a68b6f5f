/// The log-probability of a generated token under the model's own distribution (before
/// temperature, penalties and cuts), with the likeliest alternatives.
package struct GeneratedLogprob: Sendable {
    /// Lossy where the token is part of a character.
    package var token: String
    package var logprob: Double
    /// Likeliest first.
    package var top: [(token: String, logprob: Double)]
}

/// What became visible of one continuation: whole UTF-8 characters, never part of a stop string.
package struct GenerationDelta: Sendable {
    package var id: Int
    package var text: String
    /// Tokens generated since the delta before.
    package var tokens: Int
    package var logprobs: [GeneratedLogprob]
    /// `stop`, `length` or `cancelled` on the last delta of a continuation.
    package var finishReason: String?
}
