/// When a run warns that a task is being lost, and what it does about it.
package struct EarlyWarningSpec: Codable, Sendable, Equatable {
    package enum Policy: String, Codable, Sendable, CaseIterable {
        /// The event is all.
        case none
        /// Training ends with the model as it is.
        case stop
        /// Training ends with the model of the newest evaluation in which no task had fallen.
        case restoreBest = "restore_best"
        /// The retention methods' strengths are doubled.
        case strengthenRetention = "strengthen_retention"
    }

    /// How far a task's held-out metric may fall below its best: points of a share (0.05 of an
    /// accuracy), relative for other metrics (5 % of a perplexity).
    package var drop: Double
    package var policy: Policy

    package init(drop: Double = 0.05, policy: Policy = .none) {
        self.drop = drop
        self.policy = policy
    }
}
