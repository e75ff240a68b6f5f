/// Every queue and wait of the pool.
package struct PoolLimits: Sendable {
    /// Inference jobs admitted and not yet answered; one more is refused as `overloaded`.
    package var inferenceJobsMax = 256
    /// Jobs handed to the worker at a time; the others wait here and survive the worker's death.
    package var classifyInFlightMax = 64
    package var generateInFlightMax = 16
    /// A job that waits longer is refused as `overloaded`.
    package var inferenceQueueSeconds = 60.0
    /// A worker with jobs that answers nothing for so long is replaced.
    package var inferenceSilenceSeconds = 300.0

    /// From the start of a worker to its first word (it checks its mathematics before).
    package var startSeconds = 60.0
    package var pingSeconds = 5.0
    package var pongSecondsMax = 30.0
    /// Wait before start k after a death: `restartSeconds · 2ᵏ`, at most `restartSecondsMax`.
    package var restartSeconds = 0.5
    package var restartSecondsMax = 30.0
    /// A worker that lived so long starts the back-off over.
    package var healthySeconds = 60.0

    /// Model files in or out that wait for their turn; one more is refused as `overloaded`.
    package var fileJobsWaitingMax = 8
    package var fileJobSeconds = 3600.0

    /// Between two looks for a queued run or a cancellation that nobody announced.
    package var scheduleSeconds = 5.0
    /// A worker told to shut down is killed after this.
    package var shutdownSeconds = 2.0

    package init() {}
}
