// What the API needs of the worker pool; a test puts its own in the place.
package import Pool
package import Store
package import WorkerProtocol

/// Where inference requests go and who is told of new runs.
package protocol ComputeService: Sendable {
    /// A run was created or cancelled.
    func wake()
    var workers: [WorkerInfo] { get async }
    var isReady: Bool { get async }
    var figures: PoolFigures { get }
    /// The model is gone: the memory that it takes may be used for another.
    func unload(model id: String)
    /// Does something with model files, in a process of its own.
    /// - Throws: `WorkerFailure`, `CancellationError`.
    func work(_ job: FileJob) async throws -> FileResult
    /// Logits of a task, or without one a vector of each input.
    /// - Throws: `WorkerFailure`.
    func classify(
        model: ModelRecord, task: String?, inputs: [InputText], truncate: Bool
    ) async throws -> ClassifyResult
    /// Deltas, then usage; ends throwing `WorkerFailure`. Ending the iteration cancels the job.
    func generate(
        model: ModelRecord, task: String?, prompt: String, messages: [ChatTurn]?, raw: Bool, n: Int,
        sampling: SamplingOptions
    ) -> AsyncThrowingStream<GenerateOutput, any Error>
}

extension Pool: ComputeService {}
