import Glibc
package import Spec

/// Annealed sampling (Stickland and Murray, 1902.02671, §4.2): p_t ∝ n_t^α, α = 1 − d·(e−1)/(E−1) in
/// epoch e of E: early on every row counts alike, later every task more alike.
///
/// So a small task is not seen so often, early, that it is learnt by heart before the others have
/// come far, and is not drowned at the end. Default d = 0.8, the paper's. A single epoch
/// would be the first, proportional: it is refused.
package struct AnnealedMixing: MixingMethod {
    package static let descriptor = MethodDescriptor(
        family: .mixing, name: "annealed", paper: "arXiv:1902.02671",
        equation: "p_t ∝ n_t^α, α = 1 − d (e−1)/(E−1)",
        summary: "Proportional in the first epoch, nearly uniform in the last.",
        parameters: [
            .init(
                "decay", in: 0...1, default: 0.8,
                "d: how far the exponent falls from 1; default: the paper's")
        ], epochsMin: 2)

    private let decay: Double

    package init(_ settings: MethodSettings) { decay = settings["decay"] }

    package func shares(rows: [Int], progress: Double) -> [Double] {
        normalised(rows.map { pow(Double($0), 1 - decay * progress) })
    }
}
