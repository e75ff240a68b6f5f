// STUB CONTRACT, owner: models.
package import Models
package import Tensor

package struct GenerationOptions: Sendable {
    package var maxTokens = 256, topK = 0, logprobs = 0
    package var temperature = 0.0, topP = 1.0, minP = 0.0, repetitionPenalty = 1.0
    package var seed: UInt64 = 0
    package var stop: [String] = []
    package init() {}
}
package struct GeneratedLogprob: Sendable { package var token: String; package var logprob: Double; package var top: [(token: String, logprob: Double)] }
package struct GenerationDelta: Sendable { package var id: Int; package var text: String; package var tokens: Int; package var logprobs: [GeneratedLogprob]; package var finishReason: String? }

package enum Classification {
    /// Logits per input, in one packed batch per `tokensMax`.
    package static func logits(_ model: Model, task: String, inputs: [String], truncate: Bool, backend: any Backend) throws -> (logits: [[Float]], promptTokens: Int) { fatalError("stub") }
}

/// Decodes many sequences together, one token each per step; sequences join and leave between steps.
package final class Generator {
    package init(_ model: Model, backend: any Backend) { fatalError("stub") }
    /// Throws ModelError when the prompt is empty or does not fit the context.
    package func add(id: Int, prompt: [Int32], options: GenerationOptions) throws { fatalError("stub") }
    package func cancel(id: Int) { fatalError("stub") }
    package var isIdle: Bool { fatalError("stub") }
    /// Prefills joined sequences (in bounded pieces) or decodes one token for all; returns what became visible.
    package func step() throws -> [GenerationDelta] { fatalError("stub") }
}
