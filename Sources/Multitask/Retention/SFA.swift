package import Spec

/// Sequential fine-tuning with averaging (Kleiman et al., 2501.05559): merges the model with that of
/// the stage before, several times while a stage trains and at its end.
///
/// θ ← (1 − β) θ + β θ_o after every p·T of a stage's T steps (1/p times, the last at its end), over all that
/// earlier tasks answer with, θ_o where the stage began. Needs no data and no pass over any; costs the
/// trained weights' memory once. The optimiser's moments stay. Without `period` < 1 it is a merge of
/// the two models at the end, which the stage's heads were not trained for.
///
/// Beside an adapter A and B are merged each by itself, as averages of adapters usually are: to first
/// order in how far a stage moved them that is the merge of their products.
///
/// Defaults: β = 0.5, both alike, four times a stage, so that heads learn to read merged weights.
package struct SFA: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "sfa", paper: "arXiv:2501.05559",
        equation: "θ ← (1 − β) θ + β θ_o every p·T steps",
        summary: "Merges the model with that of the stage before, now and then; needs no data.",
        parameters: [
            .init(
                "beta", in: 0...1, default: 0.5,
                "β: share of the stage before; default: both alike"),
            .init(
                "period", in: 0.001...1, default: 0.25,
                "p: steps between two merges as a share of the stage's; default: ours"),
        ], holdsParameters: true)

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        var needs = RetentionNeeds()
        needs.merging = .init(share: settings["beta"], period: settings["period"])
        self.needs = needs
    }
}
