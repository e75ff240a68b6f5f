package import Spec

/// A-GEM (Chaudhry et al., 1812.00420, eq. 11): a step may not oppose the mean gradient on rows
/// kept of all earlier tasks.
///
/// g_ref: gradient of the mean loss of rows drawn from the memory; where g·g_ref < 0,
/// g −= (g·g_ref/‖g_ref‖²) g_ref. Over all parameters, after any aggregation has made g. A zero
/// g_ref changes nothing. The memory is filled as for `replay`; its rows are never trained on.
/// What holds is g·g_ref ≥ 0 for the gradient that the optimiser is given; Adam scales it, and its step
/// may still oppose g_ref. Default: a tenth kept, as many memory rows as new ones (the paper draws batches of equal size).
package struct AGEM: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "a_gem", paper: "arXiv:1812.00420",
        equation: "g −= (g·g_ref / ‖g_ref‖²) g_ref where g·g_ref < 0",
        summary: "Turns steps that would raise the loss on kept rows of earlier tasks.",
        parameters: [
            .init(
                "fraction", in: 1e-4...1, default: 0.1,
                "share of an earlier task's rows kept; default: ours"),
            .init(
                "rate", in: 0.01...4, default: 1,
                "kept rows for each new row; default: the paper's equal batches"),
        ], earlierDraws: 1, canStrengthen: false)

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        var needs = RetentionNeeds()
        needs.reference = .init(fraction: settings["fraction"], rate: settings["rate"])
        self.needs = needs
    }
}
