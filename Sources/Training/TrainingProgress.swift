/// How far a run is.
package struct TrainingProgress: Sendable, Equatable {
    /// Optimiser steps taken and planned.
    package var step = 0
    package var steps = 0
    /// The epoch under way, from 1; 0 before the first.
    package var epoch = 0
    /// Tokens trained on.
    package var tokens = 0
    /// Tokens trained on a second, evaluation and checkpoints left out.
    package var tokensPerSecond = 0.0
    /// Estimated seconds to the end, the evaluations still to come included; `nil` while what is to be
    /// done is not known.
    package var etaSeconds: Double?
    /// Seconds spent on this run by all processes that worked on it.
    package var trainingSeconds = 0.0
    /// `loading`, `preparing`, `ranking`, `evaluating`, `training`, `consolidating`,
    /// `testing`, `saving`.
    package var phase: String

    package init(phase: String = "loading") { self.phase = phase }
}
