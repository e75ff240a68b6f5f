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
    /// Heads say which of them their tasks' rows use.
    package internal(set) var adapters: [Adapter] = []
    /// The networks after the first of a progressive model, in order.
    package internal(set) var columns: [Column] = []
    /// Whether the backbone's weights are others than the base model's.
    package internal(set) var hasOwnBackbone: Bool
    /// What the adapters' keys begin with, where several models share one backbone.
    let adapterPrefix: String
    /// Whose backbone it is, where that is another's; stays in memory with this one.
    private let host: Model?
    let backend: any Backend
    let chatTemplateProblem: String
    /// Where the model came from, and what its files call the backbone's parameters.
    let checkpoint: any Checkpoint
    /// What was fine-tuned of the backbone before the model was loaded.
    private let fineTuned: SafetensorsFile?
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
        tokenizer = try given ?? checkpoint.tokenizer(fitting: configuration)
        (chatTemplate, chatTemplateProblem) = Self.template(of: tokenizer)
        backbone = try architecture.init(configuration, backend: backend)
        self.backend = backend
        adapterPrefix = ""
        host = nil
        heads = []
        classifiers = [:]
        self.checkpoint = checkpoint
        sources = try architecture.layout(configuration)
        hasOwnBackbone = sources.contains { fineTuned?.shape($0.name) != nil }
        self.fineTuned = fineTuned
        if let fineTuned { try Self.check(fineTuned, configuration) }
        try readBackbone(into: backbone.parameters)
        if let fineTuned {
            try loadHeads(fineTuned)
            try loadAdapters(fineTuned)
            try loadColumns(fineTuned)
        }
        attach()
    }

    /// The weights that the model was loaded with, into parameters like its backbone's.
    func readBackbone(into parameters: [Parameter]) throws {
        var pairs = Array(zip(sources, parameters))
        if let fineTuned {
            for (source, parameter) in pairs where fineTuned.shape(source.name) != nil {
                try fineTuned.read(
                    source.name, into: parameter.value, transposed: source.isTransposed)
            }
            pairs.removeAll { fineTuned.shape($0.0.name) != nil }
        }
        try checkpoint.load(pairs.map { (source: $0.0, parameter: $0.1) })
    }

    /// What was fine-tuned beside a backbone, on that of `host`. Reads nothing of the host that
    /// ever changes, so that another thread may use it; its owner then calls `attach()`.
    /// - Parameter key: unlike that of anything else beside the backbone.
    /// - Throws: `bad_model` naming what is wrong with the file.
    package init(beside host: Model, weights: String, key: String, backend: any Backend) throws {
        let file = try SafetensorsFile(weights)
        backbone = host.backbone
        tokenizer = host.tokenizer
        (chatTemplate, chatTemplateProblem) = (host.chatTemplate, host.chatTemplateProblem)
        self.backend = backend
        adapterPrefix = key
        (heads, classifiers) = ([], [:])
        hasOwnBackbone = false
        (checkpoint, sources, fineTuned) = (host.checkpoint, host.sources, nil)
        self.host = host
        try Self.check(file, host.backbone.configuration)
        try loadHeads(file)
        try loadAdapters(file)
    }

    /// Whether a file of ours holds nothing of the backbone: heads and adapters alone.
    /// - Throws: `bad_model` where it is not such a file at all.
    package static func isAddition(_ weights: String) throws -> Bool {
        try SafetensorsFile(weights).names.allSatisfy {
            $0.hasPrefix("adapters.") || $0.hasPrefix("heads.")
        }
    }

    /// Puts the adapters beside the backbone, on the thread that owns it.
    package func attach() {
        for adapter in adapters { adapter.attach() }
    }

    /// The backbone's, those of further columns and of the adapters, then weight and bias of each
    /// head in the order of `heads`; a matrix that several share is there once.
    package var parameters: [Parameter] {
        var seen: Set<ObjectIdentifier> = []
        return backbone.parameters + columns.flatMap(\.parameters) + adapters.flatMap(\.parameters)
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
