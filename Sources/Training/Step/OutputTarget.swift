import Glibc
import Tensor

/// Outputs of a head that a row should keep, and how far from them costs.
struct OutputTarget: Equatable {
    enum Form: Equatable {
        /// T² KL(softmax(kept/T) ‖ softmax(z/T)) (1503.02531, §2): its gradient is
        /// T (softmax(z/T) − softmax(kept/T)).
        case tempered(Double)
        /// Mean over the outputs of (z − kept)²; over tokens, of their log-probabilities.
        case squared
    }

    enum Kept: Equatable {
        /// Of a classification head.
        case logits([Float])
        /// Of the language model after each of a sequence's last positions.
        case tokens(KeptTokens)
    }

    /// Kept of a token's distribution: all logits would be 200 kB a token.
    static let tokensKept = 64

    /// The task whose head it is; not always the row's own.
    var head: Int
    var kept: Kept
    var form: Form
    var weight: Double

    var tokenForm: KeptTokenForm {
        switch form {
        case .squared: .squared
        case .tempered(let temperature): .tempered(Float(temperature))
        }
    }

    /// weight · ∂loss/∂z at the logits z of a classification head.
    static func gradient(
        _ logits: ArraySlice<Float>, kept: [Float], form: Form, weight: Double
    ) -> [Float] {
        let values = logits.map(Double.init)
        let targets = kept.map(Double.init)
        switch form {
        case .squared:
            let factor = 2 * weight / Double(values.count)
            return zip(values, targets).map { Float(factor * ($0 - $1)) }
        case .tempered(let temperature):
            let now = softmax(values, temperature)
            let before = softmax(targets, temperature)
            return zip(now, before).map { Float(weight * temperature * ($0 - $1)) }
        }
    }

    static func softmax(_ values: [Double], _ temperature: Double = 1) -> [Double] {
        let largest = values.max() ?? 0
        let powers = values.map { exp(($0 - largest) / temperature) }
        let total = powers.reduce(0, +)
        return powers.map { $0 / total }
    }
}
