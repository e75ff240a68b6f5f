package import Tensor

/// A backbone with tokenizer and task heads, ready to run on one backend. Owned by one thread.
package final class Model {
    package let backbone: any Backbone
    package let tokenizer: any Tokenizer
    /// nil where the file has none that can be used; `promptTokens` says why.
    package let chatTemplate: ChatTemplate?
    package var heads: [HeadSpec]
    /// `[C, D]` weight and `[C]` bias per classification task, by task name; tasks that share a
    /// head have the same two.
    package var classifiers: [String: (weight: Parameter, bias: Parameter)]
    /// By name; a batch says which of its sequences use which.
    package internal(set) var adapters: [String: Adapter] = [:]
    let backend: any Backend
    let chatTemplateProblem: String
    /// Where the model came from, and what its files call the backbone's parameters.
    let checkpoint: any Checkpoint
    let sources: [ParameterSource]

    /// Loads the pretrained model (a GGUF file, a Hugging Face folder or one packed), then the
    /// fine-tuned weights over it.
    /// - Parameter given: in place of the model's own tokenizer.
    /// - Throws: `bad_model` naming what is wrong with a file.
    package init(
        base: String, weights: String? = nil, tokenizer given: (any Tokenizer)? = nil,
        backend: any Backend
    ) throws {
        let checkpoint = try Checkpoints.open(base)
        let (architecture, configuration) = try Architectures.read(checkpoint)
        let fineTuned = try weights.map { try SafetensorsFile($0) }
        tokenizer = try given ?? checkpoint.tokenizer()
        // Tables may be padded beyond the tokenizer's last token, never the other way round.
        guard tokenizer.vocabularySize <= configuration.vocabulary else {
            throw ModelError.badModel(
                "model file: \(tokenizer.vocabularySize) tokens for a vocabulary of "
                    + "\(configuration.vocabulary)")
        }
        (chatTemplate, chatTemplateProblem) = Self.template(of: tokenizer)
        backbone = try architecture.init(configuration, backend: backend)
        self.backend = backend
        heads = []
        classifiers = [:]
        self.checkpoint = checkpoint
        sources = try architecture.layout(configuration)
        var pairs = Array(zip(sources, backbone.parameters))
        if let fineTuned {
            try Self.check(fineTuned, configuration)
            for (source, parameter) in pairs where fineTuned.shape(source.name) != nil {
                try fineTuned.read(
                    source.name, into: parameter.value, transposed: source.isTransposed)
            }
            pairs.removeAll { fineTuned.shape($0.0.name) != nil }
        }
        try checkpoint.load(pairs.map { (source: $0.0, parameter: $0.1) })
        if let fineTuned { try loadHeads(fineTuned) }
    }

    /// The backbone's, then weight and bias of each head in the order of `heads`; a matrix that
    /// several share is there once.
    package var parameters: [Parameter] {
        var seen: Set<ObjectIdentifier> = []
        return backbone.parameters
            + heads.flatMap { head in
                classifiers[head.task].map { [$0.weight, $0.bias] } ?? []
            }.filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    private static func template(of tokenizer: any Tokenizer) -> (ChatTemplate?, String) {
        guard let source = tokenizer.chatTemplate else {
            return (nil, "the model file has no chat template; use the format raw")
        }
        do {
            var template = try ChatTemplate(source)
            for (name, token) in [
                ("bos_token", tokenizer.special.bos), ("eos_token", tokenizer.special.eos),
            ] {
                template.variables[name] = token.flatMap { tokenizer.text(of: $0) }
            }
            return (template, "")
        } catch {
            return (nil, "\(error)")
        }
    }
}
