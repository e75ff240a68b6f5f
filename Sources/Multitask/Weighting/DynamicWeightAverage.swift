import Glibc
package import Spec

/// Dynamic weight average (Liu, Johns and Davison, 1803.10704, eq. 7): tasks whose loss falls
/// slowly count more.
///
/// rᵢ(e) = L̄ᵢ(e−1)/L̄ᵢ(e−2) of *epoch-mean* losses; wᵢ = K·softmax(rᵢ/T), K tasks. Weights are 1
/// for the first two epochs, in which no ratio exists. Default T = 2, the paper's.
///
/// Changes at the end of an epoch only. Deviation: a task without rows in the epoch keeps its
/// weight, and the others share theirs.
package struct DynamicWeightAverage: WeightingMethod {
    package static let descriptor = MethodDescriptor(
        family: .weighting, name: "dwa", paper: "arXiv:1803.10704",
        equation: "w_i = K softmax(r_i / T), r_i = L_i(e−1) / L_i(e−2)",
        summary: "Once an epoch, weighs tasks by how slowly their mean loss falls.",
        parameters: [
            .init(
                "temperature", in: 0.01...100, default: 2,
                "T: evens the weights out; default: the paper's")
        ],
        tasksMin: 2, epochsMin: 3)

    package private(set) var weights: [Double]
    private let temperature: Double
    private var sums: [Double]
    private var counts: [Double]
    /// Mean losses of the last epoch and the one before; 0: none yet.
    private var last: [Double]
    private var lastButOne: [Double]

    package var needs: WeightingNeeds { .losses }

    package init(_ settings: MethodSettings) {
        weights = settings.tasks.map { _ in 1 }
        temperature = settings["temperature"]
        sums = settings.tasks.map { _ in 0 }
        counts = sums
        last = sums
        lastButOne = sums
    }

    package mutating func observe(_ step: WeightingObservation) {
        precondition(step.losses.count == weights.count)
        for (task, loss) in step.losses.enumerated() {
            guard let loss else { continue }
            sums[task] += loss
            counts[task] += 1
        }
    }

    package mutating func epochEnded() {
        let present = weights.indices.filter { counts[$0] > 0 }
        for task in present {
            lastButOne[task] = last[task]
            last[task] = max(sums[task] / counts[task], .leastNormalMagnitude)
            (sums[task], counts[task]) = (0, 0)
        }
        let ratios = present.map { task in
            lastButOne[task] > 0
                ? min(last[task] / lastButOne[task], 1e6) / temperature : 1 / temperature
        }
        guard let largest = ratios.max() else { return }
        let powers = ratios.map { exp($0 - largest) }
        let total = powers.reduce(0, +)
        let budget = present.reduce(0) { $0 + weights[$1] }
        for (task, power) in zip(present, powers) { weights[task] = budget * power / total }
    }

    package var state: [String: [Double]] {
        [
            "weights": weights, "sums": sums, "counts": counts, "last": last,
            "last_but_one": lastButOne,
        ]
    }

    package mutating func restore(_ state: [String: [Double]]) throws(MultitaskError) {
        try checkState(state, like: self.state, of: Self.descriptor)
        weights = state["weights"] ?? weights
        sums = state["sums"] ?? sums
        counts = state["counts"] ?? counts
        last = state["last"] ?? last
        lastButOne = state["last_but_one"] ?? lastButOne
    }
}
