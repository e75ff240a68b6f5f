package import Spec

/// A low-rank adapter for each task on one frozen backbone (Houlsby et al., 1902.00751, with the
/// adapters of 2106.09685): h = W₀x + (α/r)·B_t·A_t·x for the rows of task t.
///
/// The tasks share nothing that trains: none can disturb another, and after its stage a task stays
/// as it is, to the bit. The price is that none helps another either, and that the task must be
/// known when the model is used. Parameters and defaults as with `lora`.
package struct AdapterPerTask: AdaptationMethod {
    package static let descriptor = MethodDescriptor(
        family: .adaptation, name: "adapter_per_task", paper: "arXiv:1902.00751",
        equation: "h = W₀x + (α/r)·B_t·A_t·x",
        summary: "A low-rank change of a frozen backbone for each task.",
        parameters: AdaptationNeeds.LowRank.parameters, sharing: .none,
        outcome: .taskAdapters,
        learningRate: AdaptationNeeds.LowRank.learningRate)

    package let needs: AdaptationNeeds

    package init(_ settings: MethodSettings) {
        needs = .adapters(AdaptationNeeds.LowRank(settings, .task))
    }
}
