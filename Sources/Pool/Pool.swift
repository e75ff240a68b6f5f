package import Store
import Synchronization
package import WorkerProtocol

/// The embedded compute children, one for training and one for inference, and what they work on.
/// It never computes: it starts them, keeps them alive, gives them work and writes down results.
package final class Pool: Sendable {
    private typealias TrainingMessage = SupervisorMessage<TrainingDuty.Command>
    private typealias InferenceMessage = SupervisorMessage<InferenceDuty.Command>

    private let store: Store
    private let environment: PoolEnvironment
    private let training: Mailbox<TrainingMessage>?
    private let inference: Mailbox<InferenceMessage>?
    private let files: FileWork
    private let nextID = Mutex(1)
    private let hasStarted = Mutex(false)

    /// `executable` is the polytask binary; children are `executable compute --role train|infer`.
    /// `threads` 0: one per core.
    package convenience init(
        store: Store, executable: String, threads: Int,
        report: @escaping @Sendable (String) -> Void
    ) {
        let launcher = ProcessLauncher(executable: executable, threads: threads)
        self.init(
            store: store, environment: PoolEnvironment(launcher: launcher, report: report))
    }

    package init(store: Store, environment: PoolEnvironment) {
        self.store = store
        self.environment = environment
        files = FileWork(environment)
        training = try? Mailbox()
        inference = try? Mailbox()
    }

    /// Requeues interrupted runs, spawns both children, starts scheduling. Returns when both said
    /// ready; the queued runs go on by themselves.
    ///
    /// - Throws: `WorkerFailure` when a child is not ready in time (more are tried meanwhile), or
    ///   `wrong_mathematics` when it found that it computes wrong; `StoreError`.
    package func start() async throws {
        guard let training, let inference else {
            throw WorkerFailure(
                code: "internal",
                message: "no descriptors for the workers; raise the limit of "
                    + "open files")
        }
        let isFirst = hasStarted.withLock { started in
            defer { started = true }
            return !started
        }
        if isFirst { try launch(training, inference) }
        let deadline = environment.clock() + environment.limits.startSeconds
        try await withCheckedThrowingContinuation { continuation in
            let message = TrainingMessage.whenReady(continuation, deadline: deadline)
            if !training.post(message) { continuation.resume(throwing: InferenceDuty.stopping) }
        }
        try await withCheckedThrowingContinuation { continuation in
            let message = InferenceMessage.whenReady(continuation, deadline: deadline)
            if !inference.post(message) { continuation.resume(throwing: InferenceDuty.stopping) }
        }
    }

    private func launch(
        _ training: Mailbox<TrainingMessage>, _ inference: Mailbox<InferenceMessage>
    ) throws {
        _ = try store.requeueInterruptedRuns()
        TrainJobBuilder(store: store).removeAllScratch()
        let (store, environment) = (store, environment)
        try OwnThread.start("pool-train") {
            let duty = TrainingDuty(store: store, environment: environment) {
                training.post(.command($0))
            }
            WorkerSupervisor(
                role: .train, duty: duty, environment: environment, mailbox: training
            ).run()
        }
        try OwnThread.start("pool-infer") {
            let duty = InferenceDuty(limits: environment.limits, status: environment.status)
            WorkerSupervisor(
                role: .infer, duty: duty, environment: environment, mailbox: inference
            ).run()
        }
    }

    /// A run was created or cancelled: look again.
    package func wake() {
        training?.post(.command(.wake))
    }

    /// The workers that are ready now, training first.
    package var workers: [WorkerInfo] {
        get async { environment.status.workers }
    }

    package var figures: PoolFigures { environment.status.figures }

    /// Both children alive, ready, and fit to compute.
    package var isReady: Bool {
        get async {
            let workers = environment.status.workers
            return workers.count == WorkerRole.supervised.count
                && workers.allSatisfy { $0.problems.isEmpty }
        }
    }

    /// Has a worker of its own do something with model files. Cancelling the task ends the worker.
    ///
    /// - Throws: `WorkerFailure` (`overloaded`, `worker_lost`, `timeout`, the worker's own);
    ///   `CancellationError`.
    package func work(_ job: FileJob) async throws -> FileResult {
        try await files.run(job)
    }

    /// Lets the inference worker forget a model that was deleted.
    package func unload(model id: String) {
        inference?.post(.command(.unload(id)))
    }

    /// Logits of one task for each input, or without a task a vector of each.
    ///
    /// - Throws: `WorkerFailure` (`overloaded` when the queue is full, `worker_lost` when the
    ///   child died, its own otherwise); `CancellationError` when the task was cancelled.
    package func classify(
        model: ModelRecord, task: String?, inputs: [InputText], truncate: Bool
    ) async throws -> ClassifyResult {
        let id = makeID()
        let job = ClassifyJob(
            id: id, model: model.id, files: store.files(of: model), task: task, inputs: inputs,
            truncate: truncate, origin: JobOrigin.current)
        let ticket = InferenceJob.Ticket()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit(
                    InferenceJob(id: id, ticket: ticket, work: .classify(job, continuation)))
            }
        } onCancel: {
            ticket.cancel()
            inference?.post(.command(.cancel(id)))
        }
    }

    /// Deltas, then usage. Ends throwing `WorkerFailure` as `classify` does. A consumer that stops
    /// iterating, or whose task is cancelled, cancels the job within one token step.
    package func generate(
        model: ModelRecord, task: String?, prompt: String, messages: [ChatTurn]?, raw: Bool, n: Int,
        sampling: SamplingOptions
    ) -> AsyncThrowingStream<GenerateOutput, any Error> {
        let id = makeID()
        let job = GenerateJob(
            id: id, model: model.id, files: store.files(of: model), task: task, prompt: prompt,
            messages: messages, raw: raw, n: n, sampling: sampling, origin: JobOrigin.current)
        let ticket = InferenceJob.Ticket()
        let inference = inference
        return AsyncThrowingStream { continuation in
            continuation.onTermination = { termination in
                guard case .cancelled = termination else { return }
                ticket.cancel()
                inference?.post(.command(.cancel(id)))
            }
            submit(InferenceJob(id: id, ticket: ticket, work: .generate(job, continuation)))
        }
    }

    /// Pauses the running run after a checkpoint and stops the children; those that are not done
    /// after `seconds` are killed. The run goes on at the next start.
    package func stop(seconds: Double) async {
        files.stop()
        guard hasStarted.withLock({ $0 }), let training, let inference else { return }
        let deadline = environment.clock() + seconds
        async let trained: Void = withCheckedContinuation { continuation in
            if !training.post(.stop(continuation, deadline: deadline)) { continuation.resume() }
        }
        async let inferred: Void = withCheckedContinuation { continuation in
            if !inference.post(.stop(continuation, deadline: deadline)) { continuation.resume() }
        }
        _ = await (trained, inferred)
    }

    private func submit(_ job: InferenceJob) {
        guard inference?.post(.command(.submit(job))) != true else { return }
        job.fail(InferenceDuty.stopping)
    }

    private func makeID() -> Int {
        nextID.withLock { id in
            defer { id += 1 }
            return id
        }
    }
}
