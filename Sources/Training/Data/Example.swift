/// One row as the model sees it: a sequence, and what is to be answered.
package struct Example: Sendable, Equatable {
    package var task: Int
    package var tokens: [Int32]
    /// 0 or 1 a token: which text of a pair it belongs to; empty: all 0.
    package var types: [Int32] = []
    /// The label's index; the tags' indices at `places`; the next token of each of the last
    /// positions of `tokens`; or, where `isWritten`, the text that a decoder writes.
    package var targets: [Int32]
    /// 0 or 1 for each label, or numbers; instead of targets.
    package var values: [Float] = []
    /// Positions in `tokens` that the targets belong to, where each has one of its own.
    package var places: [Int32] = []
    package var isWritten = false
    /// The text that a generated one is compared with; empty where none is.
    package var reference = ""

    package init(task: Int, tokens: [Int32], targets: [Int32]) {
        precondition(!targets.isEmpty && targets.count <= tokens.count)
        self.task = task
        self.tokens = tokens
        self.targets = targets
    }

    /// A sequence of which everything from `targetStart` (≥ 1) on is to be learnt.
    init(task: Int, sequence: [Int32], targetStart: Int) {
        self.init(
            task: task, tokens: Array(sequence.dropLast()),
            targets: Array(sequence[targetStart...]))
    }

    /// A sequence with numbers to answer.
    init(task: Int, tokens: [Int32], types: [Int32] = [], values: [Float]) {
        precondition(!values.isEmpty)
        self.task = task
        self.tokens = tokens
        self.types = types
        targets = []
        self.values = values
    }

    /// A text to read and one to write.
    init(task: Int, reading tokens: [Int32], writing targets: [Int32]) {
        precondition(!targets.isEmpty)
        self.task = task
        self.tokens = tokens
        self.targets = targets
        isWritten = true
    }

    /// Rows that the model computes for it: what it reads and what it writes.
    package var length: Int { tokens.count + (isWritten ? targets.count : 0) }

    /// What a generated answer follows; of a row that a decoder goes on from, all before its
    /// first target.
    var prompt: [Int32] {
        isWritten ? tokens : Array(tokens.prefix(tokens.count - targets.count + 1))
    }

    /// Terms of the sum that its loss is the mean of.
    var termCount: Int { max(targets.count, values.count) }
}

extension [Example] {
    /// Places of rows that are read together, without gradients: as many as have `tokensMax`
    /// tokens and no more than a cache likes, one at least.
    func batches(tokensMax: Int) -> [Range<Int>] {
        var batches: [Range<Int>] = []
        var (start, tokens) = (0, 0)
        for (index, row) in enumerated() {
            if index > start, tokens + row.length > Swift.min(1024, tokensMax) {
                batches.append(start..<index)
                (start, tokens) = (index, 0)
            }
            tokens += row.length
        }
        if start < count { batches.append(start..<count) }
        return batches
    }
}
