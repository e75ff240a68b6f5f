import Multitask

/// How the gradients of a step become one: a coefficient for each, once for the shared parameters
/// and once for those that belong to a task alone.
struct CombinedGradient {
    /// α by slot, for the parameters that the tasks share; 0 where a slot is empty.
    let shared: [Double]
    /// By slot, for the heads: a task's own parameters follow its gradient alone.
    let own: [Double]
    /// Of the combined gradient over all parameters; not finite where a gradient is not.
    let norm: Double
    /// ‖gₜ‖ over the shared parameters.
    let taskNorms: [Double]
    /// The first task whose gradient is not finite.
    let culprit: Int?

    /// - Parameters:
    ///   - shared: Gramian of the slots over the shared parameters.
    ///   - own: over the others.
    ///   - present: slots that have rows in this step; the aggregation sees these alone.
    init(
        shared gramian: Gramian, own: Gramian, present: [Int],
        aggregation: any AggregationMethod, generator: NumberedGenerator
    ) {
        let zeros = [Double](repeating: 0, count: gramian.count)
        taskNorms = gramian.diagonal.map { max(0, $0).squareRoot() }
        let total = gramian + own
        culprit = present.first { !total[$0, $0].isFinite }
        guard gramian.isFinite, own.isFinite else {
            (self.shared, self.own, norm) = (zeros, zeros, .nan)
            return
        }
        var generator = generator
        let alpha = aggregation.coefficients(
            gramian.restricted(to: present), using: &generator)
        var (coefficients, ones) = (zeros, zeros)
        for (slot, value) in zip(present, alpha) {
            coefficients[slot] = value
            ones[slot] = 1
        }
        (self.shared, self.own) = (coefficients, ones)
        norm = (gramian.quadratic(coefficients) + own.quadratic(ones)).squareRoot()
    }
}
