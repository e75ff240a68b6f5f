import Tensor

/// Gathers the likeliest tokens of those rows of a pass whose outputs are to be kept.
struct TokenKeeper {
    /// Whether each target is one whose distribution is kept.
    private let isKept: [Bool]
    /// The targets of each row.
    private var ranges: [Range<Int>] = []
    private let wanted: [Bool]
    private var kept: KeptTokens

    init(_ rows: [StepRow], classes: Int) {
        isKept = rows.flatMap { row in
            repeatElement(row.keepsOutputs, count: row.example.targets.count)
        }
        wanted = rows.map(\.keepsOutputs)
        var next = 0
        for row in rows {
            let count = row.keepsOutputs ? row.example.targets.count : 0
            ranges.append(next..<next + count)
            next += count
        }
        kept = KeptTokens(width: min(OutputTarget.tokensKept, classes))
    }

    var isIdle: Bool { !isKept.contains(true) }

    /// Called for each target in order.
    mutating func see(_ place: Int, _ logits: UnsafeBufferPointer<Float>, target: Int32) {
        if isKept[place] { kept.append(logits, lessThatOf: Int(target)) }
    }

    /// - Parameter losses: of all targets.
    mutating func finish(_ losses: [Float]) {
        for (row, place) in isKept.indices.filter({ isKept[$0] }).enumerated() {
            kept.normalise(row: row, loss: losses[place])
        }
    }

    /// What is kept of a row; `nil` where nothing is to be.
    subscript(row: Int) -> KeptTokens? { wanted[row] ? kept[ranges[row]] : nil }
}
