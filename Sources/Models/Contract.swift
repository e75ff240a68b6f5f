// STUB CONTRACT, owner: models.
package import Tensor

package struct ModelError: Error, CustomStringConvertible {
    package var code: String; package var message: String
    package var description: String { message }
    package init(code: String, message: String) { self.code = code; self.message = message }
}

/// Packed sequences without padding. `segments` are row ranges, `positions` count within each sequence.
package struct PackedBatch {
    package var tokens: [Int32]
    package var positions: [Int32]
    package var segments: [Segment]
    package var rows: RowSpace
    /// Sequences in order, with the task of each; sequences of one task must be adjacent.
    package init(_ sequences: [(task: Int, tokens: [Int32])]) { fatalError("stub") }
}

package struct BackboneConfiguration: Sendable, Equatable {
    package var architecture: String
    package var vocabulary, width, layers, heads, keyValueHeads, headDimension, hidden, contextLength: Int
    package var normEpsilon, ropeBase: Float
    package var parameterCount: Int { fatalError("stub") }
}

package protocol Backbone: AnyObject {
    var configuration: BackboneConfiguration { get }
    /// In a stable order, with Hugging Face names.
    var parameters: [Parameter] { get }
    /// `[V, D]`: the language-model head's matrix (the token embedding itself where tied).
    var outputProjection: Parameter { get }
    /// The last block matrix that gets gradient from every task: GradNorm's W.
    var lastSharedMatrix: Parameter { get }
    /// `[N, D]` after the final norm.
    func hiddenStates(_ batch: PackedBatch, caches: [KeyValueCache]?, on tape: Tape) -> Tensor
    func makeCache(capacity: Int) -> KeyValueCache
}

package protocol Tokenizer: Sendable {
    var vocabularySize: Int { get }
    /// Tokens that end a generation (`<|im_end|>`, `<|endoftext|>`).
    var endTokens: Set<Int32> { get }
    /// The token that training appends after a completion.
    var endOfTurn: Int32 { get }
    /// Special tokens written in the text are recognised only when `parseSpecial`.
    func encode(_ text: String, parseSpecial: Bool) -> [Int32]
    /// The raw bytes of a token; may be part of a character. Special tokens give none.
    func bytes(of token: Int32) -> [UInt8]
    /// Lossy where the ids do not form UTF-8.
    func decode(_ tokens: [Int32]) -> String
}

package struct ChatMessage: Codable, Sendable, Equatable {
    package var role: String, content: String
    package init(role: String, content: String) { self.role = role; self.content = content }
}

/// Renders messages with the model's own template (its `tokenizer.chat_template`).
package struct ChatTemplate: Sendable {
    package init(_ source: String) throws { fatalError("stub") }
    package func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws -> String { fatalError("stub") }
}

/// A task of a fine-tuned model, kept in the weights file's metadata.
package struct HeadSpec: Codable, Sendable, Equatable {
    package var task: String
    /// `classification` or `generation`.
    package var kind: String
    package var labels: [String]
    package var format: String
    package var maxLength: Int
    package init(task: String, kind: String, labels: [String], format: String, maxLength: Int) {
        self.task = task; self.kind = kind; self.labels = labels; self.format = format; self.maxLength = maxLength
    }
}

/// A backbone with tokenizer and task heads, ready to run on one backend.
package final class Model {
    package let backbone: any Backbone
    package let tokenizer: any Tokenizer
    package let chatTemplate: ChatTemplate?
    package var heads: [HeadSpec]
    /// `[C, D]` weight and `[C]` bias per classification task, by task name.
    package var classifiers: [String: (weight: Parameter, bias: Parameter)]
    /// Loads the pretrained file (GGUF), then the fine-tuned weights over it.
    package init(base: String, weights: String? = nil, backend: any Backend) throws { fatalError("stub") }
    /// Adds a head for a task: weight ~ N(0, 0.02²) from `seed`, zero bias.
    package func addClassifier(_ head: HeadSpec, seed: UInt64) { fatalError("stub") }
    package var parameters: [Parameter] { fatalError("stub") }
    /// Hidden states → logits `[segments, C]` from each segment's last row (heads pool the last token).
    package func classify(_ hidden: Tensor, segments: [Segment], head: String, task: Int, on tape: Tape) -> Tensor { fatalError("stub") }
    /// The token ids that training and serving see for a prompt, by the task's format (`raw` or `chat`).
    package func promptTokens(_ messages: [ChatMessage], format: String) throws -> [Int32] { fatalError("stub") }
    /// Writes weights, heads and metadata as one safetensors file, durably (temp, fsync, rename).
    package func save(to path: String) throws { fatalError("stub") }
}

/// What a file is, read without loading its weights: for `models import` and the API.
package struct ModelSummary: Codable, Sendable, Equatable {
    package var architecture: String
    package var parameters: Int
    package var contextLength: Int
    package var vocabulary: Int
    package var name: String?
    package static func read(_ path: String) throws -> ModelSummary { fatalError("stub") }
}
/// safetensors: little-endian header length, JSON header, raw tensors. Used for models and checkpoints.
package struct SafetensorsWriter {
    /// Writes temp + fsync + rename + folder fsync. `tensors` are float32.
    package static func write(_ path: String, metadata: [String: String], tensors: [(name: String, tensor: Tensor)]) throws { fatalError("stub") }
}
package final class SafetensorsFile {
    package let metadata: [String: String]
    package var names: [String] { fatalError("stub") }
    package init(_ path: String) throws { fatalError("stub") }
    package func shape(_ name: String) -> [Int]? { fatalError("stub") }
    /// Copies a tensor (F32, F16, BF16 converted) into host memory of the right size.
    package func read(_ name: String, into: Tensor) throws { fatalError("stub") }
}
