package import Tensor

/// Packed sequences without padding. `segments` are row ranges, `positions` count within each
/// sequence.
package struct PackedBatch {
    package var tokens: [Int32]
    package var positions: [Int32]
    /// 0 or 1 for each token: which text of a pair it belongs to.
    package var tokenTypes: [Int32]
    package var segments: [Segment]
    package var rows: RowSpace

    /// Sequences in order, with the task of each; sequences of one task must be adjacent.
    /// - Parameters:
    ///   - starts: the position at which each goes on (rows already in its cache); empty: all at 0.
    ///   - types: token types of each sequence, for pairs of texts; empty: all 0.
    ///   - adapters: the adapter of each sequence, nil for none; empty: none at all.
    package init(
        _ sequences: [(task: Int, tokens: [Int32])], startingAt starts: [Int] = [],
        types: [[Int32]] = [], adapters: [String?] = []
    ) {
        precondition(starts.isEmpty || starts.count == sequences.count)
        precondition(types.isEmpty || types.map(\.count) == sequences.map(\.tokens.count))
        precondition(adapters.isEmpty || adapters.count == sequences.count)
        tokens = []
        positions = []
        segments = []
        var spans: [TaskSpan] = []
        for (index, sequence) in sequences.enumerated() {
            let begin = tokens.count
            let start = Int32(starts.isEmpty ? 0 : starts[index])
            tokens += sequence.tokens
            positions += (0..<Int32(sequence.tokens.count)).map { start + $0 }
            segments.append(begin..<tokens.count)
            if let last = spans.last, last.task == sequence.task {
                spans[spans.count - 1].rows = last.rows.lowerBound..<tokens.count
            } else {
                precondition(
                    !spans.contains { $0.task == sequence.task },
                    "sequences of one task must be adjacent")
                spans.append(TaskSpan(task: sequence.task, rows: begin..<tokens.count))
            }
        }
        rows = RowSpace(
            count: tokens.count, spans: spans,
            adapters: Self.spans(adapters, segments))
        tokenTypes =
            types.isEmpty ? [Int32](repeating: 0, count: tokens.count) : types.flatMap { $0 }
    }

    /// Neighbours with the same adapter are one span, and one product for both.
    private static func spans(_ adapters: [String?], _ segments: [Segment]) -> [AdapterSpan] {
        var spans: [AdapterSpan] = []
        for case (let name?, let rows) in zip(adapters, segments) {
            if let last = spans.last, last.adapter == name, last.rows.upperBound == rows.lowerBound
            {
                spans[spans.count - 1].rows = last.rows.lowerBound..<rows.upperBound
            } else {
                spans.append(AdapterSpan(adapter: name, rows: rows))
            }
        }
        return spans
    }
}
