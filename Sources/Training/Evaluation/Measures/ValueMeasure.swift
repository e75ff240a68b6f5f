/// Mean squared error, Pearson's correlation, and Spearman's: Pearson's of the ranks, equal values
/// sharing the mean of theirs. A correlation with numbers that are all equal is 0.
struct ValueMeasure: Measure {
    private var truths: [Double] = []
    private var predictions: [Double] = []

    mutating func add(_ example: Example, outputs: [Float]) {
        truths += example.values.map(Double.init)
        predictions += outputs.map(Double.init)
    }

    func values(loss: Double) -> [(name: String, value: Double)] {
        let errors = zip(truths, predictions).map { ($0 - $1) * ($0 - $1) }
        return [
            ("mse", Self.mean(errors)), ("pearson", Self.correlation(truths, predictions)),
            ("spearman", Self.correlation(Self.ranks(truths), Self.ranks(predictions))),
        ]
    }

    private static func mean(_ values: [Double]) -> Double {
        values.reduce(0, +) / Double(values.count)
    }

    private static func correlation(_ a: [Double], _ b: [Double]) -> Double {
        let (meanA, meanB) = (mean(a), mean(b))
        var (both, squareA, squareB) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            both += (x - meanA) * (y - meanB)
            squareA += (x - meanA) * (x - meanA)
            squareB += (y - meanB) * (y - meanB)
        }
        let scale = (squareA * squareB).squareRoot()
        return scale > 0 ? both / scale : 0
    }

    private static func ranks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = values
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
            start = end
        }
        return ranks
    }
}
