/// A contiguous range of rows that carries one task's loss.
package struct TaskSpan: Sendable, Equatable {
    package var task: Int
    package var rows: Range<Int>

    package init(task: Int, rows: Range<Int>) {
        self.task = task
        self.rows = rows
    }
}

/// What the leading dimension of a tensor counts, and which task owns which rows. Spans are
/// ascending, contiguous and cover all rows.
package final class RowSpace: Sendable {
    package let count: Int
    package let spans: [TaskSpan]
    /// Rows whose linear layers have a low-rank adapter beside them; they do not overlap.
    package let adapters: [AdapterSpan]

    package init(count: Int, spans: [TaskSpan], adapters: [AdapterSpan] = []) {
        var next = 0
        for span in spans {
            precondition(
                span.rows.lowerBound == next && span.task >= 0,
                "spans must be contiguous from row 0 with tasks ≥ 0")
            next = span.rows.upperBound
        }
        precondition(next == count, "spans must cover all \(count) rows, but end at \(next)")
        self.count = count
        precondition(
            zip(adapters, adapters.dropFirst()).allSatisfy {
                $0.rows.upperBound <= $1.rows.lowerBound
            } && adapters.allSatisfy { $0.rows.lowerBound >= 0 && $0.rows.upperBound <= count },
            "adapters' rows are ascending and lie within the space")
        self.spans = spans
        self.adapters = adapters
    }

    package convenience init(count: Int, task: Int = 0) {
        self.init(count: count, spans: [TaskSpan(task: task, rows: 0..<count)])
    }
}

/// A sequence inside a packed batch: its rows.
package typealias Segment = Range<Int>
