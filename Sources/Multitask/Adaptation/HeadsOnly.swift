package import Spec

/// A frozen backbone with a linear head for each task: the control that tells what the pretrained
/// model knows already. Nothing is shared, so nothing interferes and nothing is forgotten; a
/// remedy that does not beat it has not helped.
package struct HeadsOnly: AdaptationMethod {
    package static let descriptor = MethodDescriptor(
        family: .adaptation, name: "heads", equation: "θ_head ← θ_head + Δθ_head",
        summary: "The backbone is frozen; only the tasks' own heads train.",
        sharing: .none, outcome: .unchanged, learningRate: 1e-3)

    package let needs = AdaptationNeeds.nothing

    package init(_ settings: MethodSettings) {}
}
