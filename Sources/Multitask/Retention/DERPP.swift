package import Spec

/// Dark experience replay ++ (Buzzega et al., 2004.07211, eq. 6): kept rows are replayed with the
/// logits that they had when they were kept, and others with their labels.
///
/// L = L_new + α·MSE(z, z_kept) + β·CE, the last two on independent draws. A row is offered to the
/// memory once, the first time that its stage trains on it, with the logits of that very step;
/// the memory is filled by Vitter's algorithm R, a quota for each task. Draws are from earlier
/// stages' tasks (the paper draws from the present one too). Only logits of the row's own head are
/// compared: other heads may not have existed.
///
/// Deviation for generation: of each target token the 64 largest log-probabilities are kept (all
/// logits would be 200 kB a token), and the error is the mean over them and over the row's targets.
///
/// Defaults α = 0.2, β = 0.5: the paper's for its smaller buffers.
package struct DERPP: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "der_pp", paper: "arXiv:2004.07211",
        equation: "L + α MSE(z, z_kept) + β CE(kept)",
        summary: "Replays kept rows with the outputs that they had, and others with labels.",
        parameters: [
            .init(
                "fraction", in: 1e-4...1, default: 0.1,
                "share of an earlier task's rows kept; default: ours"),
            .init(
                "rate", in: 0.01...4, default: 1,
                "rows of each draw for each new row; default: the paper's equal batches"),
            .init(
                "alpha", in: 0...100, default: 0.2,
                "α: of the error of the outputs; default: the paper's"),
            .init(
                "beta", in: 0...100, default: 0.5, "β: of the loss on labels; default: the paper's"),
        ], outputKinds: [.classification, .pairClassification, .generation], earlierRows: .weighed,
        earlierDraws: 2, means: "the memory of rows")

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        var needs = RetentionNeeds()
        needs.storedOutputs = .init(
            fraction: settings["fraction"], rate: settings["rate"],
            outputWeight: settings["alpha"], labelWeight: settings["beta"])
        self.needs = needs
    }
}
