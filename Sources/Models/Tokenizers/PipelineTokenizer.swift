import JSON

/// A tokenizer made of the steps that a tokenizer.json names: added tokens are found first, the
/// rest is normalised, cut into pieces, given to the model, and put into the template.
struct PipelineTokenizer: Tokenizer {
    /// The steps as they were described, for writing them back.
    struct Description: Sendable {
        var normalizer = JSON.null
        var preTokenizer = JSON.null
        var postProcessor = JSON.null
        var decoder = JSON.null
        /// Not applied here: callers truncate, and batches are never padded.
        var truncation = JSON.null
        var padding = JSON.null
    }

    let description: Description
    let vocabulary: Vocabulary
    let model: any SubwordModel
    let normalizers: [any Normalizer]
    let preTokenizers: [any PreTokenizer]
    let postProcessors: [any PostProcessor]
    let decoders: [any TokenDecoder]
    let added: AddedTokens
    let pool = WorkspacePool()

    var special = SpecialTokens()
    var endTokens: Set<Int32> = []
    var endOfTurn: Int32 = 0
    var chatTemplate: String?

    var vocabularySize: Int { vocabulary.count }

    /// Whether offsets need the origin of every byte: not where text reaches the model as it was.
    let rewritesText: Bool
    /// How white space is left out of offsets, also what added tokens take.
    let trimming: OffsetTrimming?

    /// - Parameter native: normalisers that a description can only approach; with them pieces are
    ///   not cut any further.
    init(
        _ description: Description, vocabulary: Vocabulary, added list: [AddedToken],
        native: [any Normalizer]? = nil,
        makeModel: (_ worksOnBytes: Bool) throws -> any SubwordModel
    ) throws {
        self.description = description
        self.vocabulary = vocabulary
        func field(_ value: JSON, _ path: String) -> TokenizerField {
            TokenizerField(value: value, path: path)
        }
        let normalizers =
            try native ?? Normalizers.steps(field(description.normalizer, "normalizer"))
        try NormalizerGrowth.check(normalizers)
        var cutters =
            native == nil
            ? try PreTokenizers.steps(field(description.preTokenizer, "pre_tokenizer")) : []
        // A byte alphabet right before the model is left out, if the model can do without.
        var alphabet = cutters.last as? ByteLevelWords
        model = try makeModel(alphabet != nil)
        if let pairs = model as? BytePairs, pairs.worksOnBytes, alphabet != nil {
            alphabet?.writesAlphabet = false
            if let alphabet { cutters[cutters.count - 1] = alphabet }
        }
        preTokenizers = cutters
        postProcessors = try PostProcessors.steps(
            field(description.postProcessor, "post_processor"))
        let most = max(
            postProcessors.reduce(0) { $0 + $1.addedCount(isPair: false) },
            postProcessors.reduce(0) { $0 + $1.addedCount(isPair: true) })
        guard most <= TokenizerField.elementsMax else {
            throw ModelError.badModel(
                "tokenizer: post_processor adds \(most) tokens to a text, at most "
                    + "\(TokenizerField.elementsMax) are allowed")
        }
        for token in postProcessors.flatMap(\.tokens) where token >= vocabulary.count {
            throw ModelError.badModel(
                "tokenizer: post_processor adds the token \(token), the vocabulary has "
                    + "\(vocabulary.count)")
        }
        decoders = try TokenDecoders.steps(field(description.decoder, "decoder"))
        self.normalizers = normalizers
        let isNative = native != nil
        added = AddedTokens(list) { isNative ? $0 : Self.normalForm(of: $0, normalizers) }
        trimming = postProcessors.lazy.compactMap(\.trimming).first
        rewritesText = !normalizers.isEmpty || cutters.contains { $0.rewritesText }
    }

    private static func normalForm(of text: [UInt8], _ steps: [any Normalizer]) -> [UInt8] {
        var now = AlignedText()
        var next = AlignedText()
        text.withUnsafeBufferPointer { now.assign($0, at: 0, isTracked: false) }
        for step in steps {
            next.removeAll()
            step.normalize(now, into: &next)
            swap(&now, &next)
        }
        return Array(now.bytes.elements)
    }

    // MARK: Ids and texts

    func text(of token: Int32) -> String? {
        vocabulary.text(of: token).map { String(decoding: $0, as: UTF8.self) }
    }

    func id(of text: String) -> Int32? { vocabulary.id(of: text) }

    func bytes(of token: Int32) -> [UInt8] {
        guard let text = decodable(token), !added.specialIDs.contains(token) else { return [] }
        return decoders.reduce(text) { $1.bytes(inside: $0) }
    }

    /// The text that decoders read.
    private func decodable(_ token: Int32) -> [UInt8]? {
        added.normalForms[token] ?? vocabulary.text(of: token).map { Array($0) }
    }

    func decode(_ tokens: [Int32]) -> String {
        let texts = tokens.filter { !added.specialIDs.contains($0) }
            .compactMap { decodable($0) }
        guard !decoders.isEmpty else {
            return String(decoding: Array(texts.joined(separator: [0x20])), as: UTF8.self)
        }
        let decoded = decoders.reduce(texts) { $1.decode($0) }
        return String(decoding: Array(decoded.joined()), as: UTF8.self)
    }
}
