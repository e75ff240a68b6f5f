package import Spec

/// Orthogonal low-rank adaptation (O-LoRA; Wang et al., 2310.14152, §3): each stage learns a low-rank
/// change of its own, in directions away from those of earlier stages, which are frozen.
///
/// h = W₀x + (α/r) Σ_{i≤t} B_i·A_i·x in stage t, which trains A_t and B_t alone, with the term
/// λ Σ_{i<t} ‖A_i·A_tᵀ‖² (the sum of squares over all pairs of rows and all layers): the rows of A_i span
/// what stage i reads of its inputs. No data and no task's name is needed: the model is one, and is
/// kept as one adapter of rank r times the stages. The term's gradient is added after clipping and
/// outside aggregation.
///
/// Defaults: λ = 0.5 and r = 8 as in the authors' scripts, α and targets as with `lora`; theirs are
/// α = 32 on the queries and values. Deviation: the authors' program sums magnitudes, where the paper,
/// and this, has squares.
package struct OLoRA: AdaptationMethod {
    package static let descriptor = MethodDescriptor(
        family: .adaptation, name: "o_lora", paper: "arXiv:2310.14152",
        equation: "h = W₀x + (α/r) Σ_{i≤t} B_i·A_i·x, L + λ Σ_{i<t} ‖A_i·A_tᵀ‖²",
        summary: "A low-rank change for each stage, orthogonal to those of earlier stages.",
        parameters: AdaptationNeeds.LowRank.parameters + [
            .init("lambda", in: 0...1e6, default: 0.5, "λ: strength of the orthogonality")
        ], sharing: .additions, outcome: .sharedAdapter,
        learningRate: AdaptationNeeds.LowRank.learningRate)

    package let needs: AdaptationNeeds

    package init(_ settings: MethodSettings) {
        let scope = AdaptationNeeds.Scope.stage(orthogonality: settings["lambda"])
        needs = .adapters(AdaptationNeeds.LowRank(settings, scope))
    }
}
