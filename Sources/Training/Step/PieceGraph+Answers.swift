import Multitask
import Tensor

/// Which answer a row's loss is of.
enum RowAnswer: Sendable {
    /// The row's own targets.
    case given
    /// Drawn from the model's present prediction, by a stream of its own.
    case drawn(SeededGenerator)
    /// A class, the loss weighted by the square root of its present probability, so that squares of
    /// the gradients of all classes add up to their expectation.
    case expected(Int32)
    /// None: the loss is the squared norm of the logits; classification only.
    case squaredNorm
}

extension PieceGraph {
    /// Rows of a group with the answers that their losses are of, and what those weigh.
    /// - Parameter outputs: of the group's head, as many for each row as it has places.
    func answered(
        _ group: Group, _ outputs: [Float], places: (StepRow) -> Int = { _ in 1 }
    ) -> [(example: Example, weight: Double)] {
        let members = rows[group.members]
        let width = outputs.count / max(1, members.reduce(0) { $0 + places($1) })
        var next = 0
        return members.map { row in
            let own = outputs[next..<next + width * places(row)]
            next = own.endIndex
            let weight = row.weight ?? 0
            switch row.answer {
            case .given, .squaredNorm:
                return (row.example, weight)
            case .drawn(var generator):
                let learnt = tasks[group.task].kind.learnt
                return (
                    learnt.sampled(row.example, outputs: Array(own), using: &generator), weight
                )
            case .expected(let label):
                var example = row.example
                example.targets = [label]
                let shares = OutputTarget.softmax(own.map(Double.init))
                return (example, weight * shares[Int(label)].squareRoot())
            }
        }
    }

    /// A number for each target of generation rows whose answers are drawn; `nil` for given ones.
    func uniforms(_ members: [Int]) -> [Double]? {
        let numbers = members.flatMap { member -> [Double] in
            guard case .drawn(var generator) = rows[member].answer else { return [] }
            return rows[member].example.targets.map { _ in generator.uniform() }
        }
        return numbers.isEmpty ? nil : numbers
    }
}
