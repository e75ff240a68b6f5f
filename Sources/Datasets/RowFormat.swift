package import Spec

/// Which columns the rows of a data set have; one data set has one format.
package enum RowFormat: String, Sendable, CaseIterable {
    case labelled, completion, messages, text
    case multiLabel = "multi_label"
    case scored, pair, tagged

    /// The columns it needs, in canonical order.
    package var columns: [String] {
        switch self {
        case .labelled: ["text", "label"]
        case .multiLabel: ["text", "labels"]
        case .scored: ["text", "score"]
        case .pair: ["text", "text_pair", "label"]
        case .tagged: ["tokens", "tags"]
        case .completion: ["prompt", "completion"]
        case .messages: ["messages"]
        case .text: ["text"]
        }
    }

    /// Whether every column is one text or one number, as a CSV file can hold it.
    var fitsCSV: Bool {
        switch self {
        case .labelled, .scored, .pair, .completion, .text: true
        case .multiLabel, .tagged, .messages: false
        }
    }

    /// The formats that a task of the kind learns from.
    package static func learnt(by kind: TaskKind) -> [RowFormat] {
        switch kind {
        case .classification: [.labelled]
        case .multiLabel: [.multiLabel]
        case .regression: [.scored]
        case .pairClassification: [.pair]
        case .tokenClassification: [.tagged]
        case .generation: [.completion, .messages, .text]
        case .sequenceToSequence: [.completion]
        }
    }

    /// The columns of formats in words: "`text` and `label`".
    package static func described(_ formats: [RowFormat]) -> String {
        formats.map { format in
            format.columns.map { "`\($0)`" }.joined(separator: " and ")
        }.joined(separator: ", or ")
    }

    /// The format of a row or a header by its columns; nil when it has none of any format.
    static func suggested(by hasColumn: (String) -> Bool) -> RowFormat? {
        if hasColumn("messages") { return .messages }
        if hasColumn("prompt") || hasColumn("completion") { return .completion }
        if hasColumn("tags") || hasColumn("tokens") { return .tagged }
        if hasColumn("labels") { return .multiLabel }
        if hasColumn("score") { return .scored }
        if hasColumn("text_pair") { return .pair }
        if hasColumn("label") { return .labelled }
        return hasColumn("text") ? .text : nil
    }

    /// A row answers in one way: dropping another answer silently would train on something else
    /// than was meant.
    static func refuseTwoAnswers(_ hasColumn: (String) -> Bool) throws(RowFault) {
        let answers = ["label", "labels", "score", "tags"].filter(hasColumn)
        guard answers.count > 1 else { return }
        throw RowFault(
            answers[1], "a row has one of label, labels, score and tags; here is \(answers[0]) too")
    }
}
