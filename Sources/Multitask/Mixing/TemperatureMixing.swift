import Glibc
package import Spec

/// Temperature-scaled mixing with a cap on the size that counts: p_t ∝ min(n_t, K)^(1/T).
///
/// T5 (1910.10683, §3.5.2). T = 1 with a large K is proportional; T → ∞ is uniform. The cap is
/// applied before the exponent. Defaults: T = 2 and K = 2¹⁹, values that the paper tries.
package struct TemperatureMixing: MixingMethod {
    package static let descriptor = MethodDescriptor(
        family: .mixing, name: "temperature", paper: "arXiv:1910.10683",
        equation: "p_t ∝ min(n_t, K)^(1/T)",
        summary: "Between proportional (T = 1) and uniform (large T), sizes capped at K first.",
        parameters: [
            .init(
                "temperature", in: 1...100, default: 2,
                "T: flattens the shares; default: tried in the paper"),
            .init(
                "cap", in: 1...1e12, default: 524_288,
                "K: the largest size that counts, rows; default: tried in the paper"),
        ])

    private let temperature: Double
    private let cap: Double

    package init(_ settings: MethodSettings) {
        temperature = settings["temperature"]
        cap = settings["cap"]
    }

    package func shares(rows: [Int], progress: Double) -> [Double] {
        normalised(rows.map { pow(min(Double($0), cap), 1 / temperature) })
    }
}
