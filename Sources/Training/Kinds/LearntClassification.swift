import Datasets
import Models
import Multitask
import NN

/// One of some classes: softmax cross-entropy.
protocol ClassKind: LearntKind {}

extension ClassKind {
    var readout: Readout { .text { .classes($0.map { $0.targets[0] }) } }

    func measure(labels: [String]) -> any Measure { ClassMeasure() }

    func sampled(
        _ example: Example, outputs: [Float], using generator: inout SeededGenerator
    ) -> Example {
        var copy = example
        copy.targets = [Int32(Draw.index(softmaxOf: outputs[...], using: &generator))]
        return copy
    }
}

struct LearntClassification: ClassKind {
    func example(_ row: Row, number: Int, _ encoder: inout RowEncoder) throws -> Example? {
        guard case .labelled(let text, let label) = row else { return nil }
        let target = try encoder.target(label, number)
        return Example(
            task: encoder.index, tokens: try encoder.read(text, number: number).tokens,
            targets: [target])
    }
}

/// The same on two texts; an encoder is told which token belongs to which.
struct LearntPairClassification: ClassKind {
    func example(_ row: Row, number: Int, _ encoder: inout RowEncoder) throws -> Example? {
        guard case .pair(let text, let textPair, let label) = row else { return nil }
        let target = try encoder.target(label, number)
        let read = try encoder.read(text, textPair, number: number)
        var example = Example(task: encoder.index, tokens: read.tokens, targets: [target])
        example.types = read.types
        return example
    }
}
