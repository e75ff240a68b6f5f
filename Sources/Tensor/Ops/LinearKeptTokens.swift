import Glibc

/// How the distance from kept log-probabilities is measured.
package enum KeptTokenForm: Sendable, Equatable {
    /// Mean over the kept ones of (log q − log p)².
    case squared
    /// T² KL(p ‖ q) of distributions at temperature T, where all that was not kept is one class.
    case tempered(Float)
}

/// The `width` likeliest classes of each of some rows, and their log-probabilities (of the
/// distribution at the form's temperature).
package struct KeptTokens: Sendable, Equatable {
    package var width: Int
    /// `[rows, width]`.
    package var ids: [Int32], logs: [Float]

    package var rows: Int { width > 0 ? ids.count / width : 0 }

    package init(width: Int, ids: [Int32] = [], logs: [Float] = []) {
        (self.width, self.ids, self.logs) = (width, ids, logs)
    }

    /// Some of the rows.
    package subscript(rows: Range<Int>) -> KeptTokens {
        let range = rows.lowerBound * width..<rows.upperBound * width
        return KeptTokens(width: width, ids: Array(ids[range]), logs: Array(logs[range]))
    }

    package static func + (a: KeptTokens, b: KeptTokens) -> KeptTokens {
        precondition(a.width == b.width, "rows of one width")
        return KeptTokens(width: a.width, ids: a.ids + b.ids, logs: a.logs + b.logs)
    }

    /// Appends a row: the likeliest classes with their logits less that of class `base`.
    package mutating func append(_ logits: UnsafeBufferPointer<Float>, lessThatOf base: Int) {
        let chosen = Self.largest(logits, width)
        ids += chosen.map { Int32($0) }
        logs += chosen.map { logits[$0] - logits[base] }
    }

    /// Turns a row of logits less one's own into log-probabilities.
    /// - Parameter loss: −log p of that one.
    package mutating func normalise(row: Int, loss: Float) {
        for i in row * width..<(row + 1) * width { logs[i] -= loss }
    }

    /// Places of the largest values, ascending; of equal ones the first.
    static func largest(_ values: UnsafeBufferPointer<Float>, _ count: Int) -> [Int] {
        // A heap with the smallest of the chosen on top.
        var heap: [Int] = []
        func isLess(_ a: Int, _ b: Int) -> Bool { (values[a], b) < (values[b], a) }
        func sink() {
            var place = 0
            while 2 * place + 1 < heap.count {
                var child = 2 * place + 1
                if child + 1 < heap.count, isLess(heap[child + 1], heap[child]) { child += 1 }
                guard isLess(heap[child], heap[place]) else { return }
                heap.swapAt(place, child)
                place = child
            }
        }
        for index in values.indices {
            if heap.count < count {
                heap.append(index)
                if heap.count == count { heap.sort(by: isLess) }
            } else if values[index] > values[heap[0]] {
                heap[0] = index
                sink()
            }
        }
        return heap.sorted()
    }
}

extension Tape {
    /// The likeliest classes of softmax(x·Wᵀ/T). On a tape that does not record.
    package func topTokens(
        _ x: Tensor, _ weight: Parameter, width: Int, temperature: Float = 1
    ) -> KeptTokens {
        precondition(!isRecording, "what is kept has no gradient")
        let classes = weight.value.rowCount
        var kept = KeptTokens(width: min(width, classes))
        _ = chunkedLogits(x, weight) { rows, logits in
            if temperature != 1 {
                backend.scale(logits, by: 1 / temperature, into: logits, rows.count * classes)
            }
            for place in 0..<rows.count {
                kept.append(
                    UnsafeBufferPointer(start: logits + place * classes, count: classes),
                    lessThatOf: 0)
            }
            let losses = backend.crossEntropy(
                logits, classes: classes, targets: [Int32](repeating: 0, count: rows.count)[...],
                weights: nil)
            for (place, row) in rows.enumerated() {
                kept.normalise(row: row, loss: losses[place])
            }
            return losses
        }
        return kept
    }

    /// Distance of softmax(x·Wᵀ) from what was kept of it, a loss for each row, unweighted; its
    /// gradient goes to x and W. With q the softmax at temperature T and t the mass that was not kept,
    ///
    /// tempered: ∂/∂z_v = T(q_v − p_v) where v was kept, else T·q_v(1 − p_t/q_t);
    /// squared: ∂/∂z_v = (2/k)(Δ_v − q_v ΣΔ), Δ_v = log q_v − log p_v for the k that were kept, else 0.
    package func linearKeptTokens(
        _ x: Tensor, _ weight: Parameter, kept: KeptTokens, form: KeptTokenForm, weights: [Float]
    ) -> [Float] {
        let classes = weight.value.rowCount
        precondition(kept.rows == x.rowCount && weights.count == x.rowCount)
        var temperature: Float = 1
        if case .tempered(let value) = form { temperature = value }
        return chunkedLogits(x, weight) { rows, logits in
            if temperature != 1 {
                backend.scale(logits, by: 1 / temperature, into: logits, rows.count * classes)
            }
            let first = probabilities(logits, classes: classes, rows: rows.count)
            return rows.enumerated().map { place, row in
                let q = logits + place * classes
                let slopes = KeptRow(kept, row, q, minusLogOfFirst: first[place])
                let change = slopes.change(form, temperature)
                backend.scale(q, by: change.factor * weights[row], into: q, classes)
                for (id, slope) in zip(slopes.ids, change.slopes) {
                    q[id] = weights[row] * slope
                }
                return change.loss
            }
        }
    }
}

/// One row: what was kept and what is now, in double precision.
private struct KeptRow {
    /// Below this share nothing is told apart from rounding.
    private static let massMin = 1e-7

    let ids: [Int]
    /// log p and log q, and q.
    let kept: [Double], now: [Double], shares: [Double]

    init(_ kept: KeptTokens, _ row: Int, _ q: Floats, minusLogOfFirst: Float) {
        let range = row * kept.width..<(row + 1) * kept.width
        ids = kept.ids[range].map(Int.init)
        self.kept = kept.logs[range].map(Double.init)
        now = ids.map { id in
            id == 0 ? -Double(minusLogOfFirst) : log(max(Double(q[id]), 1e-38))
        }
        shares = now.map { exp($0) }
    }

    /// The loss, what all of q is scaled by, and ∂/∂z of the kept ones, which replaces that.
    func change(
        _ form: KeptTokenForm, _ temperature: Float
    ) -> (loss: Float, factor: Float, slopes: [Float]) {
        switch form {
        case .squared:
            let away = zip(now, kept).map { $0 - $1 }
            let (count, sum) = (Double(away.count), away.reduce(0, +))
            let loss = away.reduce(0) { $0 + $1 * $1 } / count
            return (
                Float(loss), Float(-2 / count * sum),
                zip(away, shares).map { Float(2 / count * ($0 - $1 * sum)) }
            )
        case .tempered:
            let t = Double(temperature)
            let before = kept.map { exp($0) }
            let rest = max(0, 1 - before.reduce(0, +))
            let restNow = max(Self.massMin, 1 - shares.reduce(0, +))
            var loss = rest > 0 ? rest * log(max(rest, Self.massMin) / restNow) : 0
            for (p, (a, b)) in zip(before, zip(kept, now)) { loss += p * (a - b) }
            return (
                Float(t * t * loss), Float(t * (1 - rest / restNow)),
                zip(shares, before).map { Float(t * ($0 - $1)) }
            )
        }
    }
}
