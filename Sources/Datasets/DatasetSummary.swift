/// What validation learned about a data set.
package struct DatasetSummary: Codable, Sendable, Equatable {
    /// A `RowFormat`.
    package var format: String
    package var rows: Int
    /// Bytes of the canonical JSONL.
    package var bytes: Int
    /// All columns that the upload had, used or not, in the order they appeared.
    package var columns: [String]
    /// Rows by label, of tags words; empty for formats without labels.
    package var labels: [String: Int]
    /// Unicode scalars a row: `min`, `p50`, `p90`, `p99`, `max`. The quantiles are exact below
    /// 1024 and within 1.6 % above.
    package var textLength: [String: Int]
    /// Rows that equal an earlier row in all canonical columns.
    package var duplicates: Int

    package init(
        format: String, rows: Int, bytes: Int, columns: [String], labels: [String: Int],
        textLength: [String: Int], duplicates: Int
    ) {
        self.format = format
        self.rows = rows
        self.bytes = bytes
        self.columns = columns
        self.labels = labels
        self.textLength = textLength
        self.duplicates = duplicates
    }
}
