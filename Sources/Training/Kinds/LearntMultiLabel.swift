import Datasets
import Models
import Multitask
import NN

/// Any number of labels: the mean over them of sigmoid cross-entropy.
struct LearntMultiLabel: LearntKind {
    func example(_ row: Row, number: Int, _ encoder: inout RowEncoder) throws -> Example? {
        guard case .multiLabel(let text, let labels) = row else { return nil }
        var values = encoder.labels.map { _ in Float(0) }
        for label in labels { values[Int(try encoder.target(label, number))] = 1 }
        return Example(
            task: encoder.index, tokens: try encoder.read(text, number: number).tokens,
            values: values)
    }

    var readout: Readout { .text { .labels($0.flatMap(\.values)) } }

    func measure(labels: [String]) -> any Measure { LabelMeasure(count: labels.count) }

    func sampled(
        _ example: Example, outputs: [Float], using generator: inout SeededGenerator
    ) -> Example {
        var copy = example
        copy.values = outputs.map { Draw.isTrue(sigmoidOf: $0, using: &generator) ? 1 : 0 }
        return copy
    }
}
