package import Models
package import Tensor

/// Decodes many sequences together, one token each per step; sequences join and leave between
/// steps. A step's work is bounded, so that its owner can serve other requests between two.
package final class Generator {
    private let model: Model
    private let sequencesMax: Int
    private let promptRowsMax: Int
    private let backend: any Backend
    private let context: Int
    /// Of a model that reads the prompt with an encoder.
    private let pair: (any EncoderDecoder)?
    private var continuations: [Continuation] = []

    /// - Parameters:
    ///   - sequencesMax: computed together; more wait for their turn.
    ///   - promptRowsMax: read in one step, beside one row per decoding sequence.
    package init(
        _ model: Model, backend: any Backend, sequencesMax: Int = 32, promptRowsMax: Int = 16
    ) {
        self.model = model
        self.backend = backend
        self.sequencesMax = sequencesMax
        self.promptRowsMax = promptRowsMax
        context = model.backbone.configuration.contextLength
        pair = model.backbone as? any EncoderDecoder
    }

    package var isIdle: Bool { continuations.isEmpty }

    /// Adds a sequence; it is computed from the next step on.
    /// - Parameters:
    ///   - adapter: beside the backbone, by its key; it must stay there to the end.
    ///   - column: the place among the model's networks of the one that writes.
    /// - Throws: `invalid_input` when the prompt is empty or does not fit the context, or the model
    ///   is no decoder.
    package func add(
        id: Int, prompt: [Int32], options: GenerationOptions, adapter: String? = nil,
        column: Int = 0
    ) throws {
        guard model.backbone.isCausal || pair != nil else {
            throw ModelError(
                code: "invalid_input",
                message: "model: it is an encoder, which writes no text; choose a decoder")
        }
        guard !prompt.isEmpty else {
            throw ModelError(
                code: "invalid_input", message: "prompt: it has no tokens; give some text")
        }
        guard prompt.count < context || (pair != nil && prompt.count == context) else {
            throw ModelError(
                code: "invalid_input",
                message: "prompt: \(prompt.count) tokens leave no room in the model's context of "
                    + "\(context); shorten it")
        }
        guard prompt.allSatisfy({ (0..<model.tokenizer.vocabularySize).contains(Int($0)) }) else {
            throw ModelError(
                code: "invalid_input", message: "prompt: a token is not in the vocabulary")
        }
        precondition(!continuations.contains { $0.id == id }, "ids are unique")
        continuations.append(
            Continuation(
                id: id, prompt: prompt, options: options,
                room: pair == nil ? context - prompt.count : context, continuesPrompt: pair == nil,
                adapter: adapter, column: column))
    }

    /// Ends a sequence; its last delta comes with the next step. Unknown ids are not an error: it
    /// may have ended by itself.
    package func cancel(id: Int) {
        for index in continuations.indices where continuations[index].id == id {
            continuations[index].isCancelled = true
        }
    }

    /// Reads a bounded piece of the waiting prompts and decodes one token for every sequence whose
    /// prompt is read; returns what became visible.
    /// - Throws: `diverged` when the model computes no finite number; all sequences are dropped.
    package func step() throws -> [GenerationDelta] {
        var deltas = leave()
        let pieces = plan()
        guard !pieces.isEmpty else { return deltas }
        let columns = Dictionary(grouping: pieces) { continuations[$0.index].column }
        for (column, pieces) in columns.sorted(by: { $0.key < $1.key }) {
            deltas += try decode(pieces, column: column)
        }
        let ended = Set(deltas.filter { $0.finishReason != nil }.map(\.id))
        continuations.removeAll { ended.contains($0.id) }
        return deltas
    }

    /// A token for each whole piece, all of one column.
    private func decode(_ pieces: [Piece], column: Int) throws -> [GenerationDelta] {
        let logits = forward(pieces, column: column)
        let width = model.backbone.configuration.vocabulary
        var deltas: [GenerationDelta] = []
        for (row, piece) in pieces.filter(\.isWhole).enumerated() {
            let values = UnsafeMutableBufferPointer(
                start: logits.map { $0.pointer + row * width }, count: width)
            guard Self.isFinite(values) else {
                continuations = []
                throw ModelError(
                    code: "diverged",
                    message: "the model's outputs are not finite; its weights are damaged")
            }
            if let delta = accept(values, piece.index) { deltas.append(delta) }
        }
        return deltas
    }

    private static func isFinite(_ values: UnsafeMutableBufferPointer<Float>) -> Bool {
        var sum: Float = 0
        var i = 0
        while i < values.count {
            sum += values[i] * 0
            i &+= 1
        }
        return sum == 0
    }

    /// Takes out what was cancelled and what asked for no tokens.
    private func leave() -> [GenerationDelta] {
        var deltas: [GenerationDelta] = []
        continuations.removeAll { continuation in
            guard continuation.isCancelled || continuation.options.maxTokens < 1 else {
                return false
            }
            var last = continuation
            deltas.append(last.finished(continuation.isCancelled ? "cancelled" : "length"))
            return true
        }
        return deltas
    }

    /// The rows that one sequence has in a step; whole when a token follows from them.
    private struct Piece {
        let index: Int
        let tokens: [Int32]
        let start: Int
        let isWhole: Bool
    }

    private func plan() -> [Piece] {
        var promptRows = promptRowsMax
        var pieces: [Piece] = []
        for (index, continuation) in continuations.prefix(sequencesMax).enumerated() {
            if let last = continuation.last {
                let start = continuation.prompt.count + continuation.generated - 1
                pieces.append(Piece(index: index, tokens: [last], start: start, isWhole: true))
            } else if promptRows > 0 {
                let start = continuation.consumed
                // An encoder reads a prompt at once.
                let end =
                    pair == nil
                    ? min(start + promptRows, continuation.prompt.count)
                    : continuation.prompt.count
                promptRows -= end - start
                pieces.append(
                    Piece(
                        index: index, tokens: Array(continuation.prompt[start..<end]),
                        start: start, isWhole: end == continuation.prompt.count))
            }
        }
        return pieces
    }

    /// The same where all pieces are whole: new ones are read by the encoder, then the decoder
    /// computes one row for each. Of an encoder with a decoder there is one column.
    private func forward(_ pieces: [Piece], _ pair: any EncoderDecoder) -> Tensor {
        let tape = Tape(backend, recording: false)
        let new = pieces.filter { continuations[$0.index].reading == nil }
        if !new.isEmpty {
            let batch = PackedBatch(
                new.map { (task: 0, tokens: $0.tokens) },
                adapters: new.map { continuations[$0.index].adapter })
            let encoded = pair.hiddenStates(batch, caches: nil, on: tape)
            let caches = pair.makeCaches(reading: encoded, batch.segments, capacity: 64)
            for (piece, cache) in zip(new, caches) { continuations[piece.index].reading = cache }
        }
        let writing = pieces.map { continuations[$0.index] }
        let fed = PackedBatch(
            writing.map { (task: 0, tokens: [$0.last ?? pair.startToken]) },
            startingAt: writing.map(\.generated), adapters: writing.map(\.adapter))
        let states = pair.decode(fed, caches: writing.compactMap(\.reading), on: tape)
        return tape.linear(states, pair.outputProjection)
    }

    /// `[whole pieces, V]` logits; nil when no piece is whole.
    private func forward(_ pieces: [Piece], column: Int) -> Tensor? {
        if let pair { return forward(pieces, pair) }
        let caches = pieces.map { piece in
            let cache =
                continuations[piece.index].cache
                ?? model.makeCache(
                    column: column,
                    capacity: continuations[piece.index].capacity(context: context))
            continuations[piece.index].cache = cache
            if continuations[piece.index].last == nil {
                continuations[piece.index].consumed = piece.start + piece.tokens.count
            }
            return cache
        }
        let batch = PackedBatch(
            pieces.map { (task: 0, tokens: $0.tokens) }, startingAt: pieces.map(\.start),
            adapters: pieces.map { continuations[$0.index].adapter })
        let tape = Tape(backend, recording: false)
        let hidden = model.hiddenStates(batch, column: column, caches: caches, on: tape)
        let ends = zip(pieces, batch.segments).filter { $0.0.isWhole }
            .map { Int32($0.1.upperBound - 1) }
        guard !ends.isEmpty else { return nil }
        let last = tape.gather(hidden, ends, rows: RowSpace(count: ends.count))
        return tape.linear(last, model.networks[column].outputProjection)
    }

    private func accept(_ logits: UnsafeMutableBufferPointer<Float>, _ index: Int)
        -> GenerationDelta?
    {
        let alternatives = continuations[index].options.logprobs
        // The sampler overwrites the logits: what is reported is taken first.
        let reported = alternatives > 0 ? Array(logits) : []
        let token = continuations[index].sampler.next(logits)
        let logprob = reported.withUnsafeBufferPointer { values in
            alternatives > 0 ? self.logprob(of: token, values, alternatives) : nil
        }
        return continuations[index].accept(
            token, logprob: logprob, tokenizer: model.tokenizer)
    }

    private func logprob(
        of token: Int32, _ logits: UnsafeBufferPointer<Float>, _ alternatives: Int
    ) -> GeneratedLogprob {
        let softmax = LogSoftmax(logits)
        return GeneratedLogprob(
            token: model.tokenizer.decode([token]), logprob: softmax[Int(token)],
            top: TopSelection.largest(alternatives, of: logits).map { index in
                (token: model.tokenizer.decode([Int32(index)]), logprob: softmax[index])
            })
    }
}
