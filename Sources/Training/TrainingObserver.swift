package import Spec

/// What the owner of a run wants done next.
package enum TrainingDirective: Sendable {
    case proceed
    /// Write a checkpoint now and go on.
    case checkpoint
    /// Stop without a checkpoint.
    case cancel
    /// Write a checkpoint and stop.
    case pause
}

/// What the loop tells its owner; all calls are made on the training thread, between steps.
package protocol TrainingObserver: AnyObject {
    func progress(_ progress: TrainingProgress)
    func metrics(_ points: [MetricPoint])
    func event(kind: String, message: String)
    /// A part of the run's report, in place of an earlier one of the name.
    func document(name: String, json: String)
    /// A complete checkpoint file; returns once it is safe (kept): moved or copied away, for the
    /// file itself is removed afterwards.
    func checkpoint(path: String, step: Int) throws
    /// Polled between steps, and between the batches of an evaluation.
    func directive() -> TrainingDirective
}

/// How a run ended.
package enum TrainingOutcome: Sendable {
    /// - parameters: numbers that the model has, of its backbone, columns, adapters and heads.
    case finished(modelPath: String, parameters: Int, TrainingProgress)
    case cancelled
    case paused
}
