import Glibc

/// Adam (1412.6980, algorithm 1) for a few numbers, each with its own count of updates.
struct ScalarAdam: Sendable {
    private static let beta1 = 0.9
    private static let beta2 = 0.999
    private static let epsilon = 1e-8

    private let learningRate: Double
    private var first: [Double]
    private var second: [Double]
    private var updates: [Double]

    init(count: Int, learningRate: Double) {
        self.learningRate = learningRate
        first = [Double](repeating: 0, count: count)
        second = first
        updates = first
    }

    /// How far number `index` moves against `gradient`.
    mutating func step(_ index: Int, _ gradient: Double) -> Double {
        updates[index] += 1
        first[index] += (1 - Self.beta1) * (gradient - first[index])
        second[index] += (1 - Self.beta2) * (gradient * gradient - second[index])
        let mean = first[index] / (1 - pow(Self.beta1, updates[index]))
        let square = second[index] / (1 - pow(Self.beta2, updates[index]))
        return learningRate * mean / (square.squareRoot() + Self.epsilon)
    }

    var state: [String: [Double]] {
        ["first_moments": first, "second_moments": second, "updates": updates]
    }

    mutating func restore(_ state: [String: [Double]]) {
        first = state["first_moments"] ?? first
        second = state["second_moments"] ?? second
        updates = state["updates"] ?? updates
    }
}
