package import Spec

/// p_t = 1/T: every task is drawn as often as any other, the limit of temperature mixing for
/// T → ∞ (1910.10683, §3.5.2, "equal mixing").
package struct UniformMixing: MixingMethod {
    package static let descriptor = MethodDescriptor(
        family: .mixing, name: "uniform", paper: "arXiv:1910.10683", equation: "p_t = 1 / T",
        summary: "Every task is drawn as often as any other; a small one is visited several "
            + "times an epoch.")

    package init(_ settings: MethodSettings) {}

    package func shares(rows: [Int], progress: Double) -> [Double] {
        normalised(rows.map { _ in 1 })
    }
}
