package import Spec

/// Nash-MTL (Navon et al., 2202.01017, eq. 2 and claim 3.2): the bargain of the tasks over the
/// direction, which maximises the product of their gains.
///
/// d = Σ αᵢgᵢ with Gα = 1/α, so that αᵢ·(gᵢ·d) = 1 for every task: no task is opposed, and none can
/// gain by a share more than the others lose. ‖d‖ = √T whatever the gradients' lengths.
///
/// Solved exactly, not by the authors' sequence of conic programs: α minimises ½αᵀGα − Σ log αᵢ,
/// which is convex and self-concordant, by damped Newton steps. In terms of unit gradients: with
/// C the matrix of their cosines, Ca = 1/a and αᵢ = aᵢ/‖gᵢ‖. Deviations: C gets 1e-6 on the
/// diagonal, since opposite gradients have no bargain (α would be infinite, d is then 0); α is 0 for a
/// gradient of zero; solved at every step, where the authors' code does so every so often, and not
/// clipped to their norm of 1, as the run clips. No parameters.
package struct NashMTL: AggregationMethod {
    package static let descriptor = MethodDescriptor(
        family: .aggregation, name: "nash_mtl", paper: "arXiv:2202.01017",
        equation: "d = Σ α_i g_i, α_i (g_i·d) = 1 for all i",
        summary: "The direction that maximises the product of the tasks' gains.",
        tasksMin: 2, ignoresLossScale: true)

    private static let regularisation = 1e-6
    private static let stepsMax = 1000
    /// Newton's decrement: beyond it the steps are rounding.
    private static let decrementMin = 1e-10

    package init(_ settings: MethodSettings) {}

    package func coefficients<Generator: RandomNumberGenerator>(
        _ gramian: Gramian, using generator: inout Generator
    ) -> [Double] {
        let norms = gramian.diagonal.map { max(0, $0).squareRoot() }
        let present = norms.indices.filter { norms[$0] > 0 }
        let cosines = gramian.restricted(to: present).scaled(present.map { 1 / norms[$0] })
        var alpha = norms.map { _ in 0.0 }
        for (task, share) in zip(present, bargain(cosines)) { alpha[task] = share / norms[task] }
        return alpha
    }

    /// a > 0 with (C + ε)a = 1/a.
    private func bargain(_ cosines: Gramian) -> [Double] {
        let count = cosines.count
        let matrix = cosines.adding(
            diagonal: [Double](repeating: Self.regularisation, count: count))
        var a = [Double](repeating: 1, count: count)
        for _ in 0..<Self.stepsMax {
            let slope = zip(matrix.times(a), a).map { $0 - 1 / $1 }
            let curvature = matrix.adding(diagonal: a.map { 1 / ($0 * $0) })
            guard
                let step = NonnegativeQuadratic.solve(curvature, slope, Array(0..<count))
            else { return a }
            let decrement = max(0, -zip(step, slope).reduce(0) { $0 + $1.0 * $1.1 }).squareRoot()
            let damping = decrement < 0.25 ? 1 : 1 / (1 + decrement)
            for i in 0..<count { a[i] += damping * step[i] }
            if decrement < Self.decrementMin { return a }
        }
        return a
    }
}
