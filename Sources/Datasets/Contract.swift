// STUB CONTRACT, owner: state.

/// One row, canonical. Stored as one JSON object a line (JSONL) whatever was uploaded.
package enum Row: Sendable, Equatable {
    case labelled(text: String, label: String)
    case completion(prompt: String, completion: String)
    case messages([(role: String, content: String)])
    case text(String)
    package static func == (a: Row, b: Row) -> Bool { fatalError("stub") }
    /// Parses one canonical line.
    package init(line: some Collection<UInt8>) throws { fatalError("stub") }
}
package enum RowFormat: String, Sendable { case labelled, completion, messages, text }

package struct RowProblem: Error, Sendable, Equatable {
    package var line: Int; package var column: String?; package var message: String
}
package enum UploadFormat: String, Sendable { case jsonl, csv, text }

/// What validation learned about a data set.
package struct DatasetSummary: Codable, Sendable, Equatable {
    package var format: String          // RowFormat
    package var rows: Int, bytes: Int
    package var columns: [String]
    package var labels: [String: Int]
    package var textLength: [String: Int]   // characters: min, p50, p90, p99, max
    package var duplicates: Int
}

/// Streams an upload: feed bytes as they come, canonical lines come out; at the end the summary or all problems (up to a limit).
package struct UploadValidator {
    package init(_ format: UploadFormat) { fatalError("stub") }
    /// Returns canonical JSONL bytes to append to the stored file. Keeps going after a problem (to report them all), returning nothing more.
    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [UInt8] { fatalError("stub") }
    package mutating func finish() -> (bytes: [UInt8], result: Result<DatasetSummary, ValidationFailure>) { fatalError("stub") }
}
package struct ValidationFailure: Error, Sendable { package var problems: [RowProblem]; package var more: Int }

/// Reads a stored data set.
package enum DatasetFile {
    package static func rows(_ path: String) throws -> [Row] { fatalError("stub") }
}
