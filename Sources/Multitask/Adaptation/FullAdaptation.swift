package import Spec

/// All parameters train: the default, and what the other adaptations are compared with.
package struct FullAdaptation: AdaptationMethod {
    package static let descriptor = MethodDescriptor(
        family: .adaptation, name: "full", equation: "θ ← θ + Δθ",
        summary: "Every parameter of the model trains.")

    package let needs = AdaptationNeeds.backbone

    package init(_ settings: MethodSettings) {}
}
