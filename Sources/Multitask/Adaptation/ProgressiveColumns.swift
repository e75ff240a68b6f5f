package import Spec

/// Progressive networks (Rusu et al., 1606.04671, eq. 1 and 2): a network for each stage, which
/// reads what the frozen networks of earlier stages make of the same text.
///
/// hᵢ⁽ᵏ⁾ = Blockᵢ(hᵢ₋₁⁽ᵏ⁾) + Σ_{j<k} Uᵢ⁽ᵏʲ⁾ σ(Vᵢ⁽ᵏʲ⁾ hᵢ₋₁⁽ʲ⁾) for i ≥ 2, σ the rectifier, `width` units in
/// between. Column k starts as the base model; its tasks' heads read it. After its stage a column
/// is frozen whole, norms and embeddings too, so that its tasks answer as before, to the bit.
/// Parameters grow by a model a stage, and the connections with the square of the stages: events
/// and the metrics `parameters` and `memory_bytes` say how far. The task must be known when the
/// model is used.
///
/// Without `laterals` the columns are separate models: the control that says whether reading pays.
///
/// Deviations: the paper's columns start at random, its adapters are scaled by a learnt scalar that
/// starts small (here U starts at zero), and its laterals enter before the nonlinearity of a
/// layer (here the residual stream after a block, which has none of its own).
package struct ProgressiveColumns: AdaptationMethod {
    package static let descriptor = MethodDescriptor(
        family: .adaptation, name: "progressive", paper: "arXiv:1606.04671",
        equation: "h_i = Block_i(h_{i−1}) + Σ_{j<k} U_ij σ(V_ij h_{i−1}^(j)), i ≥ 2",
        summary: "A network for each stage, which reads the frozen ones of earlier stages.",
        parameters: [
            .init(whole: "width", in: 1...4096, default: 64, "units of a connection to a block"),
            .init(flag: "laterals", default: true, "whether a network reads the earlier ones"),
        ], sharing: .stage, outcome: .networks)

    package let needs: AdaptationNeeds

    package init(_ settings: MethodSettings) {
        let isReading = settings.option("laterals") == "true"
        needs = .columns(lateralWidth: isReading ? Int(settings["width"]) : 0)
    }
}
