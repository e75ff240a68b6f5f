import Datasets
import Models
import Multitask
import NN

/// A number: squared error, in the units of the rows.
struct LearntRegression: LearntKind {
    func example(_ row: Row, number: Int, _ encoder: inout RowEncoder) throws -> Example? {
        guard case .scored(let text, let score) = row else { return nil }
        return Example(
            task: encoder.index, tokens: try encoder.read(text, number: number).tokens,
            values: [Float(score)])
    }

    var readout: Readout { .text { .values($0.flatMap(\.values)) } }

    func measure(labels: [String]) -> any Measure { ValueMeasure() }

    /// The squared error is −log of a normal density of variance ½, but for a constant.
    func sampled(
        _ example: Example, outputs: [Float], using generator: inout SeededGenerator
    ) -> Example {
        var copy = example
        copy.values = outputs.map { $0 + Float(0.5.squareRoot() * generator.normal()) }
        return copy
    }
}
