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
        /// One for each task, or one for all.
        package var isPerTask: Bool
    }
}

/// Which part of the model learns.
package protocol AdaptationMethod: Sendable {
    static var descriptor: MethodDescriptor { get }

    init(_ settings: MethodSettings)

    var needs: AdaptationNeeds { get }
}

extension AdaptationNeeds.LowRank {
    static let parameters: [MethodDescriptor.Parameter] = [
        .init("rank", in: 1...1024, default: 8, "r: rows of A and columns of B"),
        .init("alpha", in: 1e-3...1e4, default: 16, "α: the product is scaled by α/r"),
        .init(
            names: "targets",
            "last parts of layer names, such as q_proj; empty: every linear layer of the blocks"),
    ]

    init(_ settings: MethodSettings, isPerTask: Bool) {
        self.init(
            rank: Int(settings["rank"]), alpha: settings["alpha"],
            targets: settings.names("targets"), isPerTask: isPerTask)
    }
}
