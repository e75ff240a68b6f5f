package import Spec

/// Decides which share of the drawn rows each task gets. Called for every epoch when a run is planned.
package protocol MixingMethod: Sendable {
    static var descriptor: MethodDescriptor { get }

    init(_ settings: MethodSettings)

    /// Probabilities by task in one epoch, summing to 1.
    /// - Parameters:
    ///   - rows: training rows by task, ≥ 1 each.
    ///   - progress: 0 in the first epoch of a stage, 1 in the last of several.
    func shares(rows: [Int], progress: Double) -> [Double]
}

/// Scales values ≥ 0, not all zero, to sum 1.
func normalised(_ values: [Double]) -> [Double] {
    let total = values.reduce(0, +)
    return values.map { $0 / total }
}
