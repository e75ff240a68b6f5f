// What training does with the tasks of one kind; each is a file of this folder and a line in
// `LearntKinds.swift`. Nothing else in the module asks which kind a task is.

import Datasets
import Models
import Multitask
import NN

/// From a row to an example, from an example to its loss, from outputs to figures.
protocol LearntKind: Sendable {
    /// The row as the model sees it; `nil` where the kind cannot use rows of this format.
    /// - Throws: `TrainingError` for a row that cannot be used.
    func example(_ row: Row, number: Int, _ encoder: inout RowEncoder) throws -> Example?
    var readout: Readout { get }
    /// What is measured beside the loss.
    func measure(labels: [String]) -> any Measure
    /// The example with an answer drawn from what the model predicts.
    /// - Parameter outputs: of its head.
    func sampled(
        _ example: Example, outputs: [Float], using generator: inout SeededGenerator
    ) -> Example
}

/// Where a task's answers are read, and against what.
enum Readout {
    /// One row of outputs for each text, with their loss.
    case text(loss: @Sendable ([Example]) -> RowLoss)
    /// One row of outputs for each place of the examples: classes.
    case places
    /// The next token at the last positions, by the backbone's own projection.
    case next
    /// What a decoder writes after reading the text.
    case written
}
