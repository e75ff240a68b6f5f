// STUB CONTRACT, owner: pool.
package import Store
package import WorkerProtocol

/// The embedded compute children and what they work on.
package final class Pool: Sendable {
    /// `executable` is the polytask binary; children are `executable compute --role train|infer`.
    package init(store: Store, executable: String, threads: Int) { fatalError("stub") }
    /// Requeues interrupted runs, spawns both children, starts scheduling. Returns when both said ready (or throws after a deadline).
    package func start() async throws { fatalError("stub") }
    /// A run was created or cancelled: look again.
    package func wake() { fatalError("stub") }
    package var workers: [WorkerInfo] { get async { fatalError("stub") } }
    /// Both children alive and ready.
    package var isReady: Bool { get async { fatalError("stub") } }
    /// Throws WorkerFailure (`overloaded` when the queue is full, `worker_lost` when the child died, its own otherwise). Cancels on task cancellation.
    package func classify(model: ModelRecord, task: String, inputs: [String], truncate: Bool) async throws -> ClassifyResult { fatalError("stub") }
    /// Deltas, then usage. Ends throwing WorkerFailure. Terminating the consumer cancels the job within one token step.
    package func generate(model: ModelRecord, task: String?, prompt: String, raw: Bool, n: Int, sampling: SamplingOptions) -> AsyncThrowingStream<GenerateOutput, any Error> { fatalError("stub") }
    /// Checkpoints the running run and stops the children.
    package func stop(seconds: Double) async { fatalError("stub") }
}
package enum GenerateOutput: Sendable { case delta(GenerateDelta), usage(GenerateUsage) }
