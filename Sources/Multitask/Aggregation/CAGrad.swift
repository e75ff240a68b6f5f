package import Spec

/// CAGrad (Liu et al., 2110.14048, algorithm 1): the direction within c‖g₀‖ of the mean gradient
/// g₀ that improves the worst-off task most.
///
/// w* = argmin over the simplex of g_w·g₀ + c‖g₀‖‖g_w‖, g_w = Σ wᵢgᵢ; then
/// d = g₀ + c‖g₀‖ g_w/‖g_w‖, not rescaled. g₀ is the *mean*. Default c = 0.5, TorchJD's
/// example; the authors' scripts take 0.4 and 0.6.
///
/// Solved exactly: ‖g_w‖ = min over s > 0 of (‖g_w‖²/s + s)/2, and for a fixed s the minimum is
/// the point of least norm in the hull of the gᵢ + g₀·s/(c‖g₀‖). The s that equals its own ‖g_w‖ is
/// found by bisection, for the problem is convex in (w, s). Where g_w = 0, d = g₀.
package struct CAGrad: AggregationMethod {
    package static let descriptor = MethodDescriptor(
        family: .aggregation, name: "cagrad", paper: "arXiv:2110.14048",
        equation: "d = g_0 + c‖g_0‖ g_w/‖g_w‖, w = argmin g_w·g_0 + c‖g_0‖‖g_w‖",
        summary: "Near the mean gradient, the direction that improves the worst-off task most.",
        parameters: [
            .init(
                "c", in: 0...10, default: 0.5,
                "how far from the mean gradient; below 1 converges; default: TorchJD's example")
        ], tasksMin: 2)

    private static let halvings = 120

    private let c: Double

    package init(_ settings: MethodSettings) { c = settings["c"] }

    package func coefficients<Generator: RandomNumberGenerator>(
        _ gramian: Gramian, using generator: inout Generator
    ) -> [Double] {
        let count = gramian.count
        let mean = [Double](repeating: 1 / Double(count), count: count)
        guard let unit = gramian.normalised else { return mean }
        let radius = c * unit.quadratic(mean).squareRoot()
        guard radius > 0 else { return mean }
        let weights = weights(unit, mean, radius)
        let length = unit.quadratic(weights).squareRoot()
        // Below this the direction of g_w is rounding.
        guard length > 1e-12 else { return mean }
        return zip(mean, weights).map { $0 + radius / length * $1 }
    }

    private func weights(_ gramian: Gramian, _ mean: [Double], _ radius: Double) -> [Double] {
        let products = gramian.times(mean)
        let meanSquare = gramian.quadratic(mean)
        func shifted(_ s: Double) -> [Double] {
            let shift = s / radius
            let count = gramian.count
            return MinimumNorm.weights(
                Gramian(
                    count: count,
                    values: gramian.values.enumerated().map { place, value in
                        value + shift * (products[place / count] + products[place % count])
                            + shift * shift * meanSquare
                    }))
        }
        // The logarithm of s: gradients may differ by many orders of magnitude.
        var (low, high) = (1e-16, 1.0)
        for _ in 0..<Self.halvings where high / low > 1 + 1e-14 {
            let middle = (low * high).squareRoot()
            if gramian.quadratic(shifted(middle)).squareRoot() > middle {
                low = middle
            } else {
                high = middle
            }
        }
        return shifted(high)
    }
}
