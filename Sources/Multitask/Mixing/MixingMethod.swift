package import Spec

/// Decides which share of the drawn rows each task gets. Called once, when a run is planned.
package protocol MixingMethod: Sendable {
    static var descriptor: MethodDescriptor { get }

    init(_ settings: MethodSettings)

    /// Probabilities by task, summing to 1, for tasks of these numbers of training rows (≥ 1 each).
    func shares(rows: [Int]) -> [Double]
}

/// Scales values ≥ 0, not all zero, to sum 1.
func normalised(_ values: [Double]) -> [Double] {
    let total = values.reduce(0, +)
    return values.map { $0 / total }
}
