import Glibc
import Multitask

/// Draws from what a model predicts.
enum Draw {
    /// A class by the softmax of its outputs.
    static func index(
        softmaxOf outputs: ArraySlice<Float>, using generator: inout SeededGenerator
    ) -> Int {
        let probabilities = OutputTarget.softmax(outputs.map(Double.init))
        var left = generator.uniform()
        for (index, probability) in probabilities.enumerated() {
            left -= probability
            if left < 0 { return index }
        }
        return probabilities.count - 1
    }

    static func isTrue(sigmoidOf output: Float, using generator: inout SeededGenerator) -> Bool {
        generator.uniform() < 1 / (1 + exp(-Double(output)))
    }
}
