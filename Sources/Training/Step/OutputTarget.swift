import Glibc

/// Outputs of a classification head that a row should keep, and how far from them costs.
struct OutputTarget: Equatable {
    enum Form: Equatable {
        /// T² KL(softmax(kept/T) ‖ softmax(z/T)) (1503.02531, §2): its gradient is
        /// T (softmax(z/T) − softmax(kept/T)).
        case tempered(Double)
        /// Mean over the outputs of (z − kept)².
        case squared
    }

    /// The task whose head it is; not always the row's own.
    var head: Int
    var kept: [Float]
    var form: Form
    var weight: Double

    /// weight · ∂loss/∂z at the logits z.
    func gradient(_ logits: ArraySlice<Float>) -> [Float] {
        let values = logits.map(Double.init)
        let targets = kept.map(Double.init)
        switch form {
        case .squared:
            let factor = 2 * weight / Double(values.count)
            return zip(values, targets).map { Float(factor * ($0 - $1)) }
        case .tempered(let temperature):
            let now = Self.softmax(values, temperature)
            let before = Self.softmax(targets, temperature)
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
