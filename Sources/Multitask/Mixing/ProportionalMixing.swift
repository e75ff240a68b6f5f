package import Spec

/// Every row equally likely: p_t = n_t / Σ n. An epoch visits each row exactly once.
package struct ProportionalMixing: MixingMethod {
    package static let descriptor = MethodDescriptor(
        family: .mixing, name: "proportional", equation: "p_t = n_t / Σ n",
        summary: "Every row is equally likely; a large data set dominates a small one.")

    package init(_ settings: MethodSettings) {}

    package func shares(rows: [Int], progress: Double) -> [Double] {
        normalised(rows.map(Double.init))
    }
}
