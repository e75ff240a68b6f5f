import Models
import Tensor

/// Outputs of one head on several rows: one line of logits for each row, or the likeliest tokens
/// after some of its positions.
struct KeptOutputs {
    /// Logits, or log-probabilities: `[lines, width]`.
    private let values: Tensor
    /// The tokens of the log-probabilities, as numbers; float32 holds them exactly. `nil`: logits.
    private let ids: Tensor?
    /// The first line of each row, and one beyond the last.
    private let starts: [Int]

    var count: Int { starts.count - 1 }

    /// - Parameter rows: of one head; not empty.
    init(_ rows: [OutputTarget.Kept], _ backend: any Backend) {
        var (values, ids, starts): ([Float], [Float], [Int]) = ([], [], [0])
        var width = 1
        for row in rows {
            switch row {
            case .logits(let logits):
                width = logits.count
                values += logits
                starts.append(starts[starts.count - 1] + 1)
            case .tokens(let kept):
                width = kept.width
                values += kept.logs
                ids += kept.ids.map(Float.init)
                starts.append(starts[starts.count - 1] + kept.rows)
            }
        }
        let shape = [values.count / max(1, width), width]
        self.values = Tensor(values, shape, backend: backend)
        self.ids = ids.isEmpty ? nil : Tensor(ids, shape, backend: backend)
        self.starts = starts
    }

    subscript(row: Int) -> OutputTarget.Kept {
        let width = values.shape[1]
        let range = starts[row] * width..<starts[row + 1] * width
        func part(_ tensor: Tensor) -> UnsafeBufferPointer<Float> {
            UnsafeBufferPointer(start: tensor.pointer + range.lowerBound, count: range.count)
        }
        guard let ids else { return .logits(Array(part(values))) }
        return .tokens(
            KeptTokens(
                width: width, ids: part(ids).map { Int32($0) }, logs: Array(part(values))))
    }

    func saved(_ name: String) -> SavedState {
        var state = SavedState()
        state.metadata["\(name).starts"] = starts.map { "\($0)" }.joined(separator: " ")
        state.tensors = [(name, values)] + (ids.map { [("\(name).ids", $0)] } ?? [])
        return state
    }

    init(_ source: SavedSource, _ name: String, _ backend: any Backend) throws {
        starts = try source.integers("\(name).starts")
        guard let shape = source.file.shape(name), shape.count == 2, starts.first == 0,
            starts.last == shape[0], starts == starts.sorted()
        else { throw SavedSource.mismatch("lacks kept outputs") }
        values = Tensor(shape, backend: backend)
        try source.read(name, into: values)
        guard source.file.shape("\(name).ids") != nil else {
            ids = nil
            return
        }
        let ids = Tensor(shape, backend: backend)
        try source.read("\(name).ids", into: ids)
        self.ids = ids
    }
}
