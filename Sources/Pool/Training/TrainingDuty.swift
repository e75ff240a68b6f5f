import Spec
import Store
import WorkerProtocol

/// Gives queued runs to the training worker, one at a time, and writes down what it reports. The
/// decisions are `TrainingSlot`'s; here are the store, the blobs and the clock.
final class TrainingDuty: Duty {
    enum Command: Sendable {
        /// Look for a queued run or a cancellation.
        case wake
        case kept(
            TrainingSlot.Lease, TrainingSlot.Product, path: String, Result<String, WorkerFailure>)
    }

    private let store: Store
    private let jobs: TrainJobBuilder
    private let environment: PoolEnvironment
    private let post: @Sendable (Command) -> Void
    private var slot = TrainingSlot()
    private var isReady = false
    private var isDraining = false
    private var nextLook = 0.0

    /// `post` delivers a command to `receive` on the duty's thread.
    init(store: Store, environment: PoolEnvironment, post: @escaping @Sendable (Command) -> Void) {
        self.store = store
        self.environment = environment
        self.post = post
        jobs = TrainJobBuilder(store: store)
    }

    var wakeAt: Double? { isDraining ? nil : nextLook }
    var isDrained: Bool { slot.isEmpty }

    func receive(_ command: Command, now: Double) -> Orders {
        switch command {
        case .wake:
            nextLook = now
            return Orders()
        case .kept(let lease, let product, let path, let result):
            nextLook = now
            return perform(slot.kept(lease, product, path: path, result))
        }
    }

    func receive(_ reply: WorkerReply, now: Double) -> Orders {
        let orders = perform(slot.receive(reply))
        if slot.isEmpty { nextLook = now }
        return orders
    }

    func workerReady(_ info: WorkerInfo, now: Double) -> Orders {
        isReady = info.problems.isEmpty
        nextLook = now
        return Orders()
    }

    func workerLost(_ reason: String, now: Double) {
        isReady = false
        // At a stop the run stays `running`: the next start takes it up without a failure charged.
        guard !isDraining else { return }
        _ = perform(slot.workerLost(reason))
    }

    func tick(now: Double) -> Orders {
        guard !isDraining, now >= nextLook else { return Orders() }
        nextLook = now + environment.limits.scheduleSeconds
        if let lease = slot.lease {
            guard let run = attempt({ try store.run(lease.run) }) else { return Orders() }
            if run.cancelRequested { return perform(slot.direct(.cancel)) }
            return run.pauseRequested ? perform(slot.direct(.pause)) : Orders()
        }
        return isReady ? leaseNext() : Orders()
    }

    func drain(now: Double) -> Orders {
        isDraining = true
        return perform(slot.direct(.pause))
    }

    func end() {}

    // MARK: - Leasing

    private func leaseNext() -> Orders {
        while let run = attempt({ try store.leaseNextRun() }) ?? nil {
            let lease = TrainingSlot.Lease(run: run.id, fence: run.fence)
            if run.cancelRequested {
                end(lease, .cancelled, nil)
                continue
            }
            do {
                let job = try jobs.job(run)
                slot.assign(lease)
                return .send(.train(job))
            } catch let error as StoreError {
                end(lease, .failed, WorkerFailure(code: "bad_data", message: error.message))
            } catch {
                end(lease, .failed, WorkerFailure(code: "internal", message: "\(error)"))
            }
        }
        return Orders()
    }

    // MARK: - Acting

    private func perform(_ actions: [TrainingSlot.Action]) -> Orders {
        var orders = Orders()
        for action in actions {
            switch action {
            case .send(let directive, let lease):
                orders.send.append(.directive(run: lease.run, fence: lease.fence, directive))
            case .acknowledge(let lease, let path):
                orders.send.append(.kept(run: lease.run, fence: lease.fence, path: path))
            case .keep(let lease, let product, let path):
                keep(lease, product, path)
            case .discard(let path):
                discard(path)
            case .vacate(let lease):
                jobs.removeScratch(lease)
            case .progress, .metrics, .event, .document, .recordCheckpoint, .succeed, .end,
                .release:
                write(action)
            }
        }
        return orders
    }

    private func write(_ action: TrainingSlot.Action) {
        switch action {
        case .progress(let lease, let progress):
            attempt {
                try store.recordProgress(lease.run, fence: lease.fence, progress.record)
            }
        case .metrics(let lease, let points):
            attempt { try store.recordMetrics(lease.run, fence: lease.fence, points) }
        case .event(let lease, let kind, let message):
            attempt {
                try store.recordEvent(lease.run, fence: lease.fence, kind: kind, message: message)
            }
        case .document(let lease, let name, let json):
            attempt {
                try store.recordDocument(lease.run, fence: lease.fence, name: name, json: json)
            }
        case .recordCheckpoint(let lease, let sha256, let step):
            let counted = attempt {
                try store.recordCheckpoint(
                    lease.run, fence: lease.fence, sha256: sha256, step: step)
            }
            if counted != true { attempt { try store.deleteUnreferenced([sha256]) } }
        case .succeed(let lease, let sha256, let parameters):
            succeed(lease, sha256, parameters)
        case .end(let lease, let status, let failure):
            end(lease, status, failure)
        case .release(let lease, let reason, let charged):
            attempt {
                try store.releaseRun(
                    lease.run, fence: lease.fence, reason: reason, charged: charged)
            }
        case .send, .acknowledge, .keep, .discard, .vacate:
            break
        }
    }

    private func succeed(_ lease: TrainingSlot.Lease, _ sha256: String, _ parameters: Int) {
        do {
            let summary = try TrainedModelSummary.make(
                try store.run(lease.run), parameters: parameters, store: store)
            _ = try store.finishRun(
                lease.run, fence: lease.fence, weightsSHA256: sha256, summary: summary)
        } catch {
            let message = (error as? StoreError)?.message ?? "\(error)"
            end(lease, .failed, WorkerFailure(code: "internal", message: message))
        }
    }

    private func end(
        _ lease: TrainingSlot.Lease, _ status: RunStatus, _ failure: WorkerFailure?
    ) {
        attempt {
            try store.endRun(
                lease.run, fence: lease.fence, status: status, errorCode: failure?.code,
                errorMessage: failure?.message)
        }
    }

    /// Hashing a gigabyte takes seconds: on a thread of its own, the worker's pings go on.
    private func keep(
        _ lease: TrainingSlot.Lease, _ product: TrainingSlot.Product, _ path: String
    ) {
        let (blobs, post) = (store.blobs, post)
        guard path.hasPrefix(jobs.scratch(lease) + "/"), !path.contains("/../") else {
            let failure = WorkerFailure(
                code: "internal", message: "the worker named a file outside its scratch folder")
            post(.kept(lease, product, path: path, .failure(failure)))
            return
        }
        do {
            try OwnThread.start("keep") {
                let result = Result { try blobs.keep(file: path, moving: true) }.mapError {
                    WorkerFailure(
                        code: ($0 as? StoreError)?.code ?? "internal",
                        message: ($0 as? StoreError)?.message ?? "\($0)")
                }
                post(.kept(lease, product, path: path, result))
            }
        } catch {
            let failure = WorkerFailure(code: "internal", message: "\(error)")
            post(.kept(lease, product, path: path, .failure(failure)))
        }
    }

    private func discard(_ path: String) {
        guard path.hasPrefix(store.blobs.scratch + "/run-"), !path.contains("/../") else { return }
        ScratchFile.remove(path)
    }

    /// A store that cannot write now must not end the supervision: said to the operator, and the
    /// next start of the server finds the run as it is.
    @discardableResult
    private func attempt<T>(_ body: () throws -> T) -> T? {
        do {
            return try body()
        } catch {
            environment.report("the state of a run could not be written: \(error)")
            return nil
        }
    }
}

extension RunProgress {
    fileprivate var record: RunProgressRecord {
        RunProgressRecord(
            step: step, steps: steps, epoch: epoch, tokensPerSecond: tokensPerSecond,
            etaSeconds: etaSeconds, trainingSeconds: trainingSeconds, phase: phase)
    }
}
