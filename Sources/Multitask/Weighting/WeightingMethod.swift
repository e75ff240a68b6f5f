// How loss weights are chosen. A method says what it needs to see; whoever trains asks that and
// never which method it is.

package import Spec

/// What a weighting method must be shown after each backward pass.
package struct WeightingNeeds: OptionSet, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// Each present task's mean loss, unweighted.
    package static let losses = WeightingNeeds(rawValue: 1)
    /// Each present task's gradient norm at the last shared matrix, unweighted.
    package static let sharedNorms = WeightingNeeds(rawValue: 2)
    /// Each present task's mean loss on the same rows after the step: one more forward pass.
    package static let lossesAfter = WeightingNeeds(rawValue: 4)
}

/// One optimiser step as a weighting method sees it. `nil`: the task had no row in the step.
package struct WeightingObservation: Sendable, Equatable {
    /// L_i: mean over the task's rows of the whole optimiser step, without weight.
    package var losses: [Double?]
    /// g_i = ‖∇_W L_i‖ without weight; empty where the method does not need it.
    package var norms: [Double?]
    /// L_i once the model has moved; empty where the method does not need it.
    package var lossesAfter: [Double?]

    package init(losses: [Double?], norms: [Double?] = [], lossesAfter: [Double?] = []) {
        self.losses = losses
        self.norms = norms
        self.lossesAfter = lossesAfter
    }
}

/// Chooses loss weights, through all stages of a run. The total loss is Σ w_i L_i over the tasks in the step, L_i being the
/// task's mean over the whole optimiser step (loss scope `task`).
package protocol WeightingMethod: Sendable {
    static var descriptor: MethodDescriptor { get }

    init(_ settings: MethodSettings)

    var needs: WeightingNeeds { get }

    /// The weights of the coming step, one per task.
    var weights: [Double] { get }

    /// Called once per applied optimiser step, after its backward pass: the model moves with the
    /// weights from before this call.
    mutating func observe(_ step: WeightingObservation)

    /// Called after the last step of an epoch.
    mutating func epochEnded()

    /// All that a checkpoint must hold to go on exactly; empty for a method without state.
    var state: [String: [Double]] { get }

    /// - Throws: `MultitaskError` where the state is not this method's for these tasks.
    mutating func restore(_ state: [String: [Double]]) throws(MultitaskError)
}

extension WeightingMethod {
    package var needs: WeightingNeeds { [] }
    package var state: [String: [Double]] { [:] }
    package mutating func observe(_ step: WeightingObservation) {}
    package mutating func epochEnded() {}
    package mutating func restore(_ state: [String: [Double]]) throws(MultitaskError) {}
}

/// - Throws: `MultitaskError` where a saved state has not the names and lengths of `own`, or holds
///   a value that is not finite.
func checkState(
    _ saved: [String: [Double]], like own: [String: [Double]], of method: MethodDescriptor
) throws(MultitaskError) {
    let matches =
        saved.keys.sorted() == own.keys.sorted()
        && saved.allSatisfy { name, values in
            values.count == own[name]?.count && values.allSatisfy(\.isFinite)
        }
    guard matches else {
        throw MultitaskError(
            code: "state_mismatch",
            message: "\(method.name): the saved state is not one of this run's tasks")
    }
}
