package import Spec

package enum RunStatus: String, Codable, Sendable, CaseIterable {
    case queued, running, paused, succeeded, failed, cancelled

    /// Nothing will change any more.
    package var isEnded: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

package struct RunRecord: Sendable {
    package var number: Int64
    package var id: String
    package var name: String
    package var created: Double
    package var updated: Double
    package var started: Double?
    package var finished: Double?
    package var status: RunStatus
    package var spec: RunSpec
    /// Grows with every lease; a write with an older one changes nothing.
    package var fence: Int
    package var cancelRequested: Bool
    package var pauseRequested: Bool
    package var failuresSinceCheckpoint: Int
    package var step: Int
    package var steps: Int
    package var epoch: Int
    package var tokensPerSecond: Double
    package var etaSeconds: Double?
    package var trainingSeconds: Double
    package var phase: String
    package var errorCode: String?
    package var errorMessage: String?
    package var model: String?
    package var checkpointSHA256: String?
    package var checkpointStep: Int?
    /// The run that this one was trained for, as which baseline (a `Baseline`).
    package var parent: String?
    package var baseline: String?
}

/// How far a run is; see `Store.recordProgress`.
package struct RunProgressRecord: Sendable {
    package var step: Int
    package var steps: Int
    package var epoch: Int
    package var tokensPerSecond: Double
    package var etaSeconds: Double?
    package var trainingSeconds: Double
    package var phase: String

    package init(
        step: Int, steps: Int, epoch: Int, tokensPerSecond: Double, etaSeconds: Double?,
        trainingSeconds: Double, phase: String
    ) {
        self.step = step
        self.steps = steps
        self.epoch = epoch
        self.tokensPerSecond = tokensPerSecond
        self.etaSeconds = etaSeconds
        self.trainingSeconds = trainingSeconds
        self.phase = phase
    }
}
