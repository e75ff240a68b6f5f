/// A task of a fine-tuned model, kept in the weights file's metadata.
package struct HeadSpec: Codable, Sendable, Equatable {
    package var task: String
    /// `classification` or `generation`.
    package var kind: String
    package var labels: [String]
    /// `raw` or `chat`: how a prompt becomes tokens.
    package var format: String
    /// Longest training sequence in tokens.
    package var maxLength: Int

    package init(task: String, kind: String, labels: [String], format: String, maxLength: Int) {
        self.task = task
        self.kind = kind
        self.labels = labels
        self.format = format
        self.maxLength = maxLength
    }
}
