/// Accuracy, and the mean of F1 over the classes that occur among the truths or the predictions.
struct ClassMeasure: Measure {
    private var rows = 0
    private var hits = 0
    private var truths: [Int32: Int] = [:]
    private var predictions: [Int32: Int] = [:]
    private var correct: [Int32: Int] = [:]

    mutating func add(_ example: Example, outputs: [Float]) {
        guard let predicted = outputs.largestIndex else { return }
        rows += 1
        truths[example.targets[0], default: 0] += 1
        predictions[predicted, default: 0] += 1
        guard predicted == example.targets[0] else { return }
        hits += 1
        correct[predicted, default: 0] += 1
    }

    func values(loss: Double) -> [(name: String, value: Double)] {
        [("accuracy", Double(hits) / Double(rows)), ("macro_f1", macroF1)]
    }

    private var macroF1: Double {
        let classes = Set(truths.keys).union(predictions.keys)
        let scores = classes.sorted().map { label in
            let all = truths[label, default: 0] + predictions[label, default: 0]
            return 2 * Double(correct[label, default: 0]) / Double(all)
        }
        return scores.reduce(0, +) / Double(scores.count)
    }
}

extension RandomAccessCollection<Float> where Index == Int {
    /// The place of the largest value, the first of equals; counted from the start.
    var largestIndex: Int32? {
        indices.max { self[$0] < self[$1] }.map { Int32($0 - startIndex) }
    }
}
