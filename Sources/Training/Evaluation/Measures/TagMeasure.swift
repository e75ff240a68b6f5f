import Spec

/// Accuracy over words; where tags tell entities, also F1 over entities, an entity being right
/// with its label and all of its words.
struct TagMeasure: Measure {
    private let labels: [String]
    private let tellsEntities: Bool
    private var words = 0
    private var hits = 0
    /// Entities: found and right, and those of truths and predictions together.
    private var rightEntities = 0
    private var entities = 0

    init(labels: [String]) {
        self.labels = labels
        tellsEntities = EntitySpan.areTold(by: labels)
    }

    mutating func add(_ example: Example, outputs: [Float]) {
        let width = outputs.count / example.targets.count
        let predicted = example.targets.indices.map { word in
            outputs[word * width..<(word + 1) * width].largestIndex ?? 0
        }
        words += predicted.count
        hits += zip(predicted, example.targets).count { $0 == $1 }
        guard tellsEntities else { return }
        let truth = Set(EntitySpan.all(in: example.targets.map { labels[Int($0)] }))
        let found = Set(EntitySpan.all(in: predicted.map { labels[Int($0)] }))
        rightEntities += truth.intersection(found).count
        entities += truth.count + found.count
    }

    func values(loss: Double) -> [(name: String, value: Double)] {
        let accuracy = ("accuracy", Double(hits) / Double(words))
        guard tellsEntities else { return [accuracy] }
        let f1 = entities == 0 ? 0 : 2 * Double(rightEntities) / Double(entities)
        return [accuracy, ("entity_f1", f1)]
    }
}
