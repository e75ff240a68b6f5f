package import Spec

/// Low-rank adaptation (Hu et al., 2106.09685, eq. 3): a frozen backbone with one low-rank change
/// for all tasks beside its linear layers.
///
/// h = W₀x + (α/r)·B·A·x, A `[r, inputs]` uniform in ±1/√inputs, B `[outputs, r]` zero at the start.
/// Norms, biases and embeddings are frozen.
///
/// Defaults: r = 8 and α = 16, as in PEFT's examples and, for r, the paper's table 6, in which more
/// rank brings little. `targets` is empty for every linear layer of the blocks, which 2305.14314
/// (QLoRA, §4) found necessary to match full fine-tuning; the paper's own choice is `q_proj` and
/// `v_proj`.
package struct LoRA: AdaptationMethod {
    package static let descriptor = MethodDescriptor(
        family: .adaptation, name: "lora", paper: "arXiv:2106.09685",
        equation: "h = W₀x + (α/r)·B·A·x",
        summary: "One low-rank change of a frozen backbone, shared by all tasks.",
        parameters: AdaptationNeeds.LowRank.parameters, outcome: .sharedAdapter,
        learningRate: AdaptationNeeds.LowRank.learningRate)

    package let needs: AdaptationNeeds

    package init(_ settings: MethodSettings) {
        needs = .adapters(AdaptationNeeds.LowRank(settings, .run))
    }
}
