/// The named limits of an upload.
package struct DatasetLimits: Sendable, Equatable {
    /// Bytes of one row as uploaded: a JSONL line, a CSV record, a text document.
    package var rowBytesMax = 1 << 20
    package var labelBytesMax = 256
    /// Different labels of one data set.
    package var labelsMax = 10_000
    /// Problems reported one by one; the rest is counted.
    package var problemsMax = 100
    /// Different column names remembered for the summary.
    package var columnsMax = 256

    package init() {}
}
