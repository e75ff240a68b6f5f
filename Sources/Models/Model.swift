package import Tensor

/// A backbone with tokenizer and task heads, ready to run on one backend. Owned by one thread.
package final class Model {
    package let backbone: any Backbone
    package let tokenizer: any Tokenizer
    /// nil where the file has none that can be used; `promptTokens` says why.
    package let chatTemplate: ChatTemplate?
    package var heads: [HeadSpec]
    /// `[C, D]` weight and `[C]` bias per classification task, by task name.
    package var classifiers: [String: (weight: Parameter, bias: Parameter)]
    let backend: any Backend
    let chatTemplateProblem: String

    /// Loads the pretrained file (GGUF), then the fine-tuned weights over it.
    /// - Throws: `bad_model` naming what is wrong with a file.
    package init(base: String, weights: String? = nil, backend: any Backend) throws {
        let file = try GGUFFile(base)
        let (architecture, configuration) = try Architectures.read(file)
        let fineTuned = try weights.map { try SafetensorsFile($0) }
        tokenizer = try Tokenizers.load(gguf: file)
        guard tokenizer.vocabularySize == configuration.vocabulary else {
            throw ModelError.badModel(
                "GGUF: \(tokenizer.vocabularySize) tokens for a vocabulary of "
                    + "\(configuration.vocabulary)")
        }
        (chatTemplate, chatTemplateProblem) = Self.template(of: file, tokenizer)
        backbone = architecture.init(configuration, backend: backend)
        self.backend = backend
        heads = []
        classifiers = [:]
        var pairs = Array(zip(architecture.layout(configuration), backbone.parameters))
        if let fineTuned {
            try Self.check(fineTuned, configuration)
            for (source, parameter) in pairs where fineTuned.shape(source.name) != nil {
                try fineTuned.read(source.name, into: parameter.value)
            }
            pairs.removeAll { fineTuned.shape($0.0.name) != nil }
        }
        file.load(pairs.map { (source: $0.0, parameter: $0.1) })
        if let fineTuned { try loadHeads(fineTuned) }
    }

    /// The backbone's, then weight and bias of each head in the order of `heads`.
    package var parameters: [Parameter] {
        backbone.parameters
            + heads.flatMap { head in
                classifiers[head.task].map { [$0.weight, $0.bias] } ?? []
            }
    }

    private static func template(of file: GGUFFile, _ tokenizer: any Tokenizer) -> (
        ChatTemplate?, String
    ) {
        guard let source = file.string("tokenizer.chat_template") else {
            return (nil, "the model file has no chat template; use the format raw")
        }
        do {
            var template = try ChatTemplate(source)
            for name in ["bos", "eos"] {
                guard case .integer(let token)? = file.metadata["tokenizer.ggml.\(name)_token_id"],
                    let tokens = try? file.strings("tokenizer.ggml.tokens"),
                    (0..<tokens.count).contains(token)
                else { continue }
                template.variables["\(name)_token"] = String(
                    decoding: tokens[token], as: UTF8.self)
            }
            return (template, "")
        } catch {
            return (nil, "\(error)")
        }
    }
}
