package import Spec

/// Experience replay: some rows of each earlier task are kept and trained on beside the new ones
/// (Robins 1995; Chaudhry et al., 1902.10486).
///
/// Two numbers: `fraction`, the share of each earlier task's rows that is kept (its quota, filled
/// by Vitter's algorithm R), and `rate`, replayed rows for each new row. Every step draws anew from
/// the kept rows, each earlier task equally often. A kept row keeps its prompt, targets and
/// task, and is a row of its task in every respect: with task scope it has its own mean, with an
/// aggregation its own gradient.
///
/// `keep` says whether the rows are a uniform sample (Vitter's algorithm R) or one that has a
/// classification task's classes as even as its rows allow (CBRS, see `ClassBalancedReservoir`).
///
/// Defaults: a tenth is kept and mixed one to one, which is what the claims of replay rest on.
package struct Replay: RetentionMethod {
    package static let descriptor = MethodDescriptor(
        family: .retention, name: "replay", paper: "arXiv:1902.10486",
        equation: "L = L_new + L_kept over rows mixed 1 : rate",
        summary: "Trains on a kept share of each earlier task's rows beside the new ones.",
        parameters: [
            .init(
                "fraction", in: 1e-4...1, default: 0.1,
                "share of an earlier task's rows kept; default: usual in reports of replay"),
            .init(
                "rate", in: 0.01...4, default: 1,
                "replayed rows for each new row; default: the paper's equal batches"),
            .init(
                "keep", choices: ["uniform", "class_balanced"],
                "which rows of a classification task: any alike, or its classes evenly"),
        ], earlierRows: .full, earlierDraws: 1, means: "the memory of rows")

    package let needs: RetentionNeeds

    package init(_ settings: MethodSettings) {
        var needs = RetentionNeeds()
        needs.replay = .init(
            fraction: settings["fraction"], rate: settings["rate"],
            balancesClasses: settings.option("keep") == "class_balanced")
        self.needs = needs
    }
}
