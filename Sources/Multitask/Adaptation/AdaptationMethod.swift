// What of a model a run trains. A method only says what it needs; whoever trains provides exactly
// that and never asks which method it is.

package import Spec

/// What trains beside the tasks' heads, which always do.
package enum AdaptationNeeds: Sendable, Equatable {
    /// Every parameter of the backbone.
    case backbone
    /// Nothing.
    case nothing
    /// Low-rank adapters beside a frozen backbone.
    case adapters(LowRank)
    /// The whole backbone in the first stage, and a further one in each later stage. 0 units: it
    /// reads nothing of the earlier ones.
    case columns(lateralWidth: Int)

    package struct LowRank: Sendable, Equatable {
        package var rank: Int
        package var alpha: Double
        /// Last parts of layer names; empty: every linear layer of the blocks.
        package var targets: [String]
        package var scope: Scope
    }

    /// Which rows one adapter is for.
    package enum Scope: Sendable, Equatable {
        /// All tasks', over all stages.
        case run
        /// One task's.
        case task
        /// All tasks', as the sum of one for each stage, of which a stage trains its own.
        /// `orthogonality`: λ of Σ_{i<t} ‖A_i·A_tᵀ‖² over earlier stages i.
        case stage(orthogonality: Double)
    }
}

/// Which part of the model learns.
package protocol AdaptationMethod: Sendable {
    static var descriptor: MethodDescriptor { get }

    init(_ settings: MethodSettings)

    var needs: AdaptationNeeds { get }
}

extension AdaptationNeeds.LowRank {
    /// Ours: ten times that of full training.
    static let learningRate = 2e-4
    static let parameters: [MethodDescriptor.Parameter] = [
        .init(whole: "rank", in: 1...1024, default: 8, "r: rows of A and columns of B"),
        .init("alpha", in: 1e-3...1e4, default: 16, "α: the product is scaled by α/r"),
        .init(
            names: "targets",
            "last parts of layer names, such as q_proj; empty: every linear layer of the blocks"),
    ]

    init(_ settings: MethodSettings, _ scope: AdaptationNeeds.Scope) {
        self.init(
            rank: Int(settings["rank"]), alpha: settings["alpha"],
            targets: settings.names("targets"), scope: scope)
    }
}
