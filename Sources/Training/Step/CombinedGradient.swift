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
    /// ‖gₜ‖ over the shared parameters, by slot.
    let norms: [Double]
    /// The first slot whose gradient is not finite; a task's, or the reference's.
    let culprit: Int?

    /// - Parameters:
    ///   - shared: Gramian of the slots over the shared parameters.
    ///   - own: over the others.
    ///   - present: tasks that have rows in this step; the aggregation sees these alone.
    ///   - reference: the slot of a gradient that the combined one may not oppose.
    ///   - aggregation: `nil`: gradients add up.
    init(
        shared gramian: Gramian, own: Gramian, present: [Int], reference: Int? = nil,
        aggregation: (any AggregationMethod)?, generator: SeededGenerator
    ) {
        let zeros = [Double](repeating: 0, count: gramian.count)
        norms = gramian.diagonal.map { max(0, $0).squareRoot() }
        let total = gramian + own
        culprit = (present + (reference.map { [$0] } ?? [])).first { !total[$0, $0].isFinite }
        guard gramian.isFinite, own.isFinite else {
            (self.shared, self.own, norm) = (zeros, zeros, .nan)
            return
        }
        var generator = generator
        let alpha =
            aggregation?.coefficients(gramian.restricted(to: present), using: &generator)
            ?? present.map { _ in 1 }
        var (coefficients, ones) = (zeros, zeros)
        for (slot, value) in zip(present, alpha) {
            coefficients[slot] = value
            ones[slot] = 1
        }
        if let reference {
            let product = gramian.times(coefficients)[reference] + own.times(ones)[reference]
            let share = RetentionNeeds.Reference.correction(
                product: product, square: total[reference, reference])
            coefficients[reference] = share
            ones[reference] = share
        }
        (self.shared, self.own) = (coefficients, ones)
        norm = (gramian.quadratic(coefficients) + own.quadratic(ones)).squareRoot()
    }
}
