// Where the rows of every upload format arrive: holds the data set to one format and the limits,
// writes the canonical lines, and gathers the summary.

import JSON

struct RowCollector {
    let limits: DatasetLimits
    private(set) var problems: [RowProblem] = []
    private(set) var more = 0
    private var output: [UInt8] = []
    private(set) var format: (format: RowFormat, line: Int)?
    private var rows = 0
    private var bytes = 0
    private var columns: [String] = []
    private var knownColumns: Set<String> = []
    private var labels: [String: Int] = [:]
    private var lengths = LengthHistogram()
    /// Keyed 64-bit hashes: at 10⁸ rows the chance of one wrong count is below 10⁻³.
    private var seen: Set<Int> = []
    private var duplicates = 0
    /// The document being gathered from lines of plain text.
    var document = TextDocument()

    init(_ limits: DatasetLimits) { self.limits = limits }

    mutating func report(_ line: Int, _ column: String?, _ message: String) {
        output = []
        if problems.count < limits.problemsMax {
            problems.append(RowProblem(line: line, column: column, message: message))
        } else {
            more += 1
        }
    }

    mutating func reportTooLong(_ line: Int, _ what: String) {
        report(line, nil, "\(what) is longer than \(limits.rowBytesMax) bytes")
    }

    mutating func add(_ row: Row, line: Int) {
        if format == nil { format = (row.format, line) }
        for label in row.labels {
            guard addLabel(label, line: line) else { return }
        }
        rows += 1
        lengths.add(row.characters)
        let start = output.count
        row.json.append(to: &output)
        var hasher = Hasher()
        output.withUnsafeBytes {
            hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[start...]))
        }
        if !seen.insert(hasher.finalize()).inserted { duplicates += 1 }
        output.append(0x0A)
        bytes += output.count - start
        if !problems.isEmpty { output = [] }
    }

    private mutating func addLabel(_ label: String, line: Int) -> Bool {
        guard label.utf8.count <= limits.labelBytesMax else {
            report(
                line, "label",
                "must have at most \(limits.labelBytesMax) bytes, found \(label.utf8.count)")
            return false
        }
        if let count = labels[label] {
            labels[label] = count + 1
            return true
        }
        guard labels.count < limits.labelsMax else {
            report(line, "label", "is one label more than the \(limits.labelsMax) allowed")
            return false
        }
        labels[label] = 1
        return true
    }

    mutating func note(columns names: some Sequence<String>) {
        for name in names where !knownColumns.contains(name) {
            guard columns.count < limits.columnsMax else { return }
            knownColumns.insert(name)
            columns.append(name)
        }
    }

    /// The canonical lines since the last call; empty from the first problem on.
    mutating func drain() -> [UInt8] {
        defer { output = [] }
        return output
    }

    func result() -> Result<DatasetSummary, ValidationFailure> {
        guard problems.isEmpty, let format else {
            let none = RowProblem(line: 1, column: nil, message: "the data set has no rows")
            return .failure(
                ValidationFailure(problems: problems.isEmpty ? [none] : problems, more: more))
        }
        return .success(
            DatasetSummary(
                format: format.format.rawValue, rows: rows, bytes: bytes, columns: columns,
                labels: labels, textLength: lengths.summary, duplicates: duplicates))
    }
}
