package import Spec

/// Each *example* weighs 1/n_t, so that tasks are drawn uniformly: p_t = n_t·(1/n_t) / T = 1/T.
///
/// Weighing each *task* by 1/n_t instead would make the smallest task dominate. The loss is not
/// reweighted as well. A small task is visited several times an epoch.
package struct InverseFrequencyMixing: MixingMethod {
    package static let descriptor = MethodDescriptor(
        family: .mixing, name: "inverse_frequency",
        equation: "weight of an example = 1 / n_t, hence p_t = 1 / T",
        summary: "Examples weigh 1/n of their task: tasks are drawn uniformly, a small one is "
            + "visited several times an epoch.")

    package init(_ settings: MethodSettings) {}

    package func shares(rows: [Int], progress: Double) -> [Double] {
        normalised(rows.map { Double($0) * (1 / Double($0)) })
    }
}
