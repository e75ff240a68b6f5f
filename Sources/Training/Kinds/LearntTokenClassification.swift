import Datasets
import Models
import Multitask
import NN

/// A tag for each word, read at the word's first token: softmax cross-entropy. Words without a
/// token, and those beyond the longest sequence, are neither learnt nor scored.
struct LearntTokenClassification: LearntKind {
    func example(_ row: Row, number: Int, _ encoder: inout RowEncoder) throws -> Example? {
        guard case .tagged(let words, let tags) = row else { return nil }
        let read = encoder.read(words: words)
        var targets: [Int32] = []
        var places: [Int32] = []
        for (tag, place) in zip(tags, read.places) {
            let target = try encoder.target(tag, number)
            guard let place else { continue }
            targets.append(target)
            places.append(Int32(place))
        }
        guard !targets.isEmpty else {
            throw encoder.problem(number, "has no word that the model's tokenizer knows")
        }
        var example = Example(task: encoder.index, tokens: read.tokens, targets: targets)
        example.places = places
        return example
    }

    var readout: Readout { .places }

    func measure(labels: [String]) -> any Measure { TagMeasure(labels: labels) }

    func sampled(
        _ example: Example, outputs: [Float], using generator: inout SeededGenerator
    ) -> Example {
        var copy = example
        let classes = outputs.count / max(1, example.targets.count)
        copy.targets = example.targets.indices.map { row in
            let values = outputs[row * classes..<(row + 1) * classes]
            return Int32(Draw.index(softmaxOf: values, using: &generator))
        }
        return copy
    }
}
