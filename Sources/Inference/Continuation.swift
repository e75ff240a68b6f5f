import Models
import Tensor

/// One sequence of a `Generator`: what it has read and written so far.
struct Continuation {
    let id: Int
    let prompt: [Int32]
    let options: GenerationOptions
    let adapter: String?
    let column: Int
    /// Tokens that it may generate: what was asked for, and what the model has room for.
    let tokensMax: Int
    /// Made when the sequence is first computed, of a decoder.
    var cache: KeyValueCache?
    /// The same of an encoder with a decoder, once it has read the prompt.
    var reading: DecodingCache?
    /// Prompt tokens already in the cache.
    var consumed = 0
    /// The token to be read next; nil until the prompt was read.
    var last: Int32?
    var generated = 0
    var sampler: Sampler
    var stream: TextStream
    var isCancelled = false
    private var unreported = 0
    private var logprobs: [GeneratedLogprob] = []

    /// - Parameters:
    ///   - room: tokens that the model can generate after the prompt.
    ///   - continuesPrompt: the prompt is the beginning of what is written; else it is read.
    init(
        id: Int, prompt: [Int32], options: GenerationOptions, room: Int, continuesPrompt: Bool,
        adapter: String? = nil, column: Int = 0
    ) {
        self.id = id
        self.prompt = prompt
        self.options = options
        self.adapter = adapter
        self.column = column
        tokensMax = min(options.maxTokens, room)
        sampler = Sampler(options, prompt: continuesPrompt ? prompt : [])
        stream = TextStream(stop: options.stop)
    }

    /// Rows that its cache holds from the start; it grows where more are needed.
    func capacity(context: Int) -> Int {
        min(context, prompt.count + min(max(options.maxTokens, 0), 256))
    }

    /// Takes a generated token. A delta when something became visible or the end was reached.
    mutating func accept(
        _ token: Int32, logprob: GeneratedLogprob?, tokenizer: any Tokenizer
    ) -> GenerationDelta? {
        generated += 1
        unreported += 1
        last = token
        if tokenizer.endTokens.contains(token) { return finished("stop") }
        if let logprob { logprobs.append(logprob) }
        let text = stream.append(tokenizer.bytes(of: token))
        if stream.isStopped { return delta(text, "stop") }
        if generated >= tokensMax {
            return delta(text + stream.finish(), "length")
        }
        return text.isEmpty ? nil : delta(text, nil)
    }

    /// The last delta, with all text that was held back.
    mutating func finished(_ reason: String) -> GenerationDelta {
        delta(stream.finish(), reason)
    }

    private mutating func delta(_ text: String, _ reason: String?) -> GenerationDelta {
        defer {
            unreported = 0
            logprobs = []
        }
        return GenerationDelta(
            id: id, text: text, tokens: unreported, logprobs: logprobs, finishReason: reason)
    }
}
