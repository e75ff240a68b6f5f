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
    /// Target and weight of each classification row.
    /// - Parameter logits: of the rows, one after the other.
    func answers(
        _ members: ArraySlice<StepRow>, _ logits: [Float]
    ) -> [(target: Int32, weight: Float)] {
        let classes = logits.count / members.count
        return members.enumerated().map { place, row in
            let weight = Float(row.weight ?? 0)
            func probabilities() -> [Double] {
                OutputTarget.softmax(
                    logits[place * classes..<(place + 1) * classes].map(Double.init))
            }
            switch row.answer {
            case .given, .squaredNorm:
                return (row.example.targets[0], weight)
            case .drawn(var generator):
                return (Self.draw(probabilities(), generator.uniform()), weight)
            case .expected(let label):
                return (label, weight * Float(probabilities()[Int(label)].squareRoot()))
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

    private static func draw(_ probabilities: [Double], _ uniform: Double) -> Int32 {
        var left = uniform
        for (index, probability) in probabilities.enumerated() {
            left -= probability
            if left < 0 { return Int32(index) }
        }
        return Int32(probabilities.count - 1)
    }
}
