/// A task of a fine-tuned model, kept in the weights file's metadata.
package struct HeadSpec: Codable, Sendable, Equatable {
    package var task: String
    /// A `HeadKind` by its raw value.
    package var kind: String
    /// Of classes or of values; one value needs no label.
    package var labels: [String]
    /// `raw` or `chat`: how a prompt becomes tokens.
    package var format: String
    /// Longest training sequence in tokens.
    package var maxLength: Int
    /// How a sequence becomes one row; nil: as the backbone does.
    package var pooling: Pooling?
    /// The name of the adapter that the task's rows use; nil: none.
    package var adapter: String?
    /// The place of the network that reads the task's rows, in a model of several; nil: the first.
    package var column: Int?

    /// Heads with the same name here are one matrix; nil: a matrix of its own, named for the task.
    package var sharedName: String?

    package init(
        task: String, kind: String, labels: [String], format: String, maxLength: Int,
        pooling: Pooling? = nil, adapter: String? = nil, column: Int? = nil,
        sharedName: String? = nil
    ) {
        self.task = task
        self.kind = kind
        self.labels = labels
        self.format = format
        self.maxLength = maxLength
        self.pooling = pooling
        self.adapter = adapter
        self.column = column
        self.sharedName = sharedName
    }

    /// Whether it answers for each word, not for the whole text.
    package var tagsWords: Bool { kind == HeadKind.tokenClassification.rawValue }

    /// Whether it answers with a text.
    package var writesText: Bool {
        HeadKind(rawValue: kind)?.writesText ?? false
    }

    /// Columns of the head's matrix; 0 where it has none.
    var outputs: Int {
        guard HeadKind(rawValue: kind)?.hasMatrix ?? false else { return 0 }
        return kind == HeadKind.regression.rawValue ? max(labels.count, 1) : labels.count
    }
}

/// What a head answers.
package enum HeadKind: String, Sendable, CaseIterable {
    /// One class of a text.
    case classification
    /// Any number of labels of a text.
    case multiLabel = "multi_label"
    /// Numbers for a text.
    case regression
    /// One class of two texts.
    case pairClassification = "pair_classification"
    /// One class of each token.
    case tokenClassification = "token_classification"
    /// The next token, by the backbone's own output projection.
    case generation
    /// A text from a text, by an encoder and a decoder.
    case sequenceToSequence = "sequence_to_sequence"
    /// A vector of length 1; nothing is learnt beside the backbone.
    case embedding

    /// Whether it answers with a text.
    var writesText: Bool { self == .generation || self == .sequenceToSequence }

    /// Whether the head has a matrix of its own.
    package var hasMatrix: Bool {
        switch self {
        case .embedding: false
        default: !writesText
        }
    }
}
