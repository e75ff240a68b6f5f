// What tasks there are, and what a request may say of one. How a kind is learnt is
// `Training/Kinds/`; its answers are `API/Serving/Classification/`.

/// What a task asks of the model.
package enum TaskKind: String, Codable, Sendable, CaseIterable {
    /// One label of a text.
    case classification
    /// Any number of labels of a text.
    case multiLabel = "multi_label"
    /// A number for a text.
    case regression
    /// One label of two texts.
    case pairClassification = "pair_classification"
    /// A tag for each word.
    case tokenClassification = "token_classification"
    /// The text that goes on from a prompt, by a decoder.
    case generation
    /// A text from a text, by an encoder with a decoder.
    case sequenceToSequence = "sequence_to_sequence"
}

extension TaskKind {
    /// What follows from a kind for a request, a run and a stored model.
    package struct Traits: Sendable {
        /// What a run may be judged by, the default first.
        package var metrics: [String]
        /// How a prompt becomes tokens, the default first.
        package var formats = ["raw"]
        /// Fewest labels of its training data; 0: it has none.
        package var labelsMin = 0
        /// Whether the loss is a squared error, the likelihood of a normal distribution; else it
        /// is one over classes.
        package var isSquaredError = false
        /// Whether its answers are texts.
        package var writesText = false
    }

    package var traits: Traits {
        switch self {
        case .classification, .pairClassification:
            Traits(metrics: ["accuracy", "macro_f1"], labelsMin: 2)
        case .multiLabel:
            Traits(metrics: ["micro_f1", "macro_f1", "subset_accuracy"], labelsMin: 1)
        case .regression: Traits(metrics: ["mse", "pearson", "spearman"], isSquaredError: true)
        case .tokenClassification: Traits(metrics: ["accuracy", "entity_f1"], labelsMin: 2)
        case .generation:
            Traits(
                metrics: ["perplexity", "loss", "bleu"], formats: ["chat", "raw"],
                writesText: true)
        case .sequenceToSequence:
            Traits(metrics: ["perplexity", "loss", "bleu"], writesText: true)
        }
    }
}
