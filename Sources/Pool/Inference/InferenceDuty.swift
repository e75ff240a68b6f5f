import WorkerProtocol

/// Hands jobs to the inference worker and its answers to the callers. The order is
/// `InferenceQueue`'s; here are the callers.
final class InferenceDuty: Duty {
    enum Command: Sendable {
        case submit(InferenceJob)
        case cancel(Int)
        case unload(String)
    }

    private let limits: PoolLimits
    private let status: WorkerStatus
    private var queue: InferenceQueue
    private var jobs: [Int: InferenceJob] = [:]
    private var isReady = false
    private var isDraining = false
    private var lastAnswer = 0.0

    init(limits: PoolLimits, status: WorkerStatus) {
        self.limits = limits
        self.status = status
        queue = InferenceQueue(limits: limits)
    }

    var isDrained: Bool { queue.count == 0 }

    private var silentAt: Double? {
        queue.hasInFlight ? lastAnswer + limits.inferenceSilenceSeconds : nil
    }

    var wakeAt: Double? {
        [queue.expiresAt, silentAt].compactMap { $0 }.min()
    }

    func receive(_ command: Command, now: Double) -> Orders {
        switch command {
        case .submit(let job):
            submit(job, now: now)
            return Orders()
        case .unload(let model):
            // A worker that is not there has nothing loaded.
            return isReady ? .send(.unload(model: model)) : Orders()
        case .cancel(let id):
            let job = jobs.removeValue(forKey: id)
            job?.fail(CancellationError())
            return queue.cancel(id) == .tellWorker ? .send(.cancel(id: id)) : Orders()
        }
    }

    private func submit(_ job: InferenceJob, now: Double) {
        if job.ticket.isCancelled {
            job.fail(CancellationError())
        } else if isDraining {
            job.fail(Self.stopping)
        } else if queue.admit(job.id, job.kind, now: now) {
            jobs[job.id] = job
        } else {
            job.fail(
                WorkerFailure(
                    code: "overloaded",
                    message: "\(limits.inferenceJobsMax) inference jobs are waiting or running "
                        + "(inferenceJobsMax); try again later"))
        }
    }

    func tick(now: Double) -> Orders {
        for id in queue.expire(now: now) {
            jobs.removeValue(forKey: id)?.fail(
                WorkerFailure(
                    code: "overloaded",
                    message: "the job waited \(Int(limits.inferenceQueueSeconds)) s "
                        + "(inferenceQueueSeconds) for the worker; try again later"))
        }
        if let silentAt, now >= silentAt {
            return Orders(
                kill: "it has jobs and answered nothing for "
                    + "\(Int(limits.inferenceSilenceSeconds)) s")
        }
        defer { status.count { ($0.classify, $0.generate) = (queue.classify, queue.generate) } }
        guard isReady else { return Orders() }
        if !queue.hasInFlight { lastAnswer = now }
        return Orders(send: queue.dispatch().compactMap { jobs[$0]?.request })
    }

    func receive(_ reply: WorkerReply, now: Double) -> Orders {
        lastAnswer = now
        switch reply {
        case .classified(let id, let result):
            status.count { $0.promptTokens += UInt64(max(result.promptTokens, 0)) }
            if case .classify(_, let continuation) = finish(id) {
                continuation.resume(returning: result)
            }
        case .delta(let id, let delta):
            if case .generate(_, let continuation) = jobs[id]?.work {
                continuation.yield(.delta(delta))
            }
        case .generated(let id, let usage):
            status.count {
                $0.promptTokens += UInt64(max(usage.promptTokens, 0))
                $0.completionTokens += UInt64(max(usage.completionTokens, 0))
            }
            if case .generate(_, let continuation) = finish(id) {
                continuation.yield(.usage(usage))
                continuation.finish()
            }
        case .refused(let id, let failure):
            queue.finish(id)
            jobs.removeValue(forKey: id)?.fail(failure)
        case .ready, .pong, .progress, .metrics, .event, .document, .checkpoint, .finished,
            .stopped, .failed:
            break
        }
        return Orders()
    }

    private func finish(_ id: Int) -> InferenceJob.Work? {
        queue.finish(id)
        return jobs.removeValue(forKey: id)?.work
    }

    func workerReady(_ info: WorkerInfo, now: Double) -> Orders {
        isReady = true
        return Orders()
    }

    func workerLost(_ reason: String, now: Double) {
        isReady = false
        for id in queue.workerLost() {
            jobs.removeValue(forKey: id)?.fail(
                WorkerFailure(
                    code: "worker_lost",
                    message: "the inference worker ended while it worked on this; a new one "
                        + "starts by itself, try again"))
        }
    }

    func drain(now: Double) -> Orders {
        isDraining = true
        return Orders()
    }

    func end() {
        for job in jobs.values { job.fail(Self.stopping) }
        jobs = [:]
    }

    static let stopping = WorkerFailure(
        code: "worker_lost", message: "the server is stopping; try again in a moment")
}
