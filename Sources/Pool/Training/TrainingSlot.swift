import Spec
import Store
import WorkerProtocol

/// The run that the training worker holds. Pure: replies and results go in, actions come out, and
/// whatever carries another lease than the current one is dropped.
struct TrainingSlot {
    struct Lease: Sendable, Hashable {
        var run: String
        var fence: Int
    }

    /// A file that goes into the blob store.
    enum Product: Sendable, Equatable {
        case checkpoint(step: Int)
        case model(parameters: Int)
    }

    enum Action: Equatable {
        case send(Directive, Lease)
        case acknowledge(Lease, path: String)
        case progress(Lease, RunProgress)
        case metrics(Lease, [MetricPoint])
        case event(Lease, kind: String, message: String)
        case document(Lease, name: String, json: String)
        case keep(Lease, Product, path: String)
        case discard(path: String)
        case recordCheckpoint(Lease, sha256: String, step: Int)
        case succeed(Lease, sha256: String, parameters: Int)
        case end(Lease, RunStatus, WorkerFailure?)
        /// - charged: as a failure of the run's.
        case release(Lease, reason: String, charged: Bool)
        /// The lease is over; the scratch folder may go.
        case vacate(Lease)
    }

    private struct Occupant {
        var lease: Lease
        var sent: Directive?
        /// Files on their way into the blob store.
        var keeping = 0
        /// The worker has done its part.
        var isComputed = false
        var lostReason: String?
    }

    private var occupant: Occupant?

    var lease: Lease? { occupant?.lease }
    var isEmpty: Bool { occupant == nil }
    /// The worker still computes for this lease.
    var isComputing: Bool { occupant.map { !$0.isComputed && $0.lostReason == nil } ?? false }

    mutating func assign(_ lease: Lease) {
        precondition(isEmpty, "one run at a time")
        occupant = Occupant(lease: lease)
    }

    /// A wish that reaches the worker between two steps; a later cancel overrides a pause.
    mutating func direct(_ directive: Directive) -> [Action] {
        guard isComputing, let lease, occupant?.sent != directive, occupant?.sent != .cancel else {
            return []
        }
        occupant?.sent = directive
        return [.send(directive, lease)]
    }

    mutating func receive(_ reply: WorkerReply) -> [Action] {
        switch reply {
        case .progress(let run, let fence, let progress):
            return current(run, fence).map { [.progress($0, progress)] } ?? []
        case .metrics(let run, let fence, let points):
            return current(run, fence).map { [.metrics($0, points)] } ?? []
        case .event(let run, let fence, let kind, let message):
            return current(run, fence).map { [.event($0, kind: kind, message: message)] } ?? []
        case .document(let run, let fence, let name, let json):
            return current(run, fence).map { [.document($0, name: name, json: json)] } ?? []
        case .checkpoint(let run, let fence, let path, let step):
            guard let lease = current(run, fence) else { return [.discard(path: path)] }
            occupant?.keeping += 1
            return [.keep(lease, .checkpoint(step: step), path: path)]
        case .finished(let run, let fence, let path, let parameters, let progress):
            guard let lease = current(run, fence) else { return [.discard(path: path)] }
            occupant?.keeping += 1
            occupant?.isComputed = true
            return [
                .progress(lease, progress),
                .keep(lease, .model(parameters: parameters), path: path),
            ]
        case .stopped(let run, let fence, let directive):
            guard let lease = current(run, fence) else { return [] }
            return stopped(lease, directive)
        case .failed(let run, let fence, let failure):
            guard let lease = current(run, fence) else { return [] }
            return vacating([.end(lease, .failed, failure)])
        case .ready, .pong, .classified, .delta, .generated, .refused, .filed:
            return []
        }
    }

    /// The blob store has taken a file, or could not.
    mutating func kept(
        _ lease: Lease, _ product: Product, path: String, _ result: Result<String, WorkerFailure>
    ) -> [Action] {
        guard lease == self.lease else { return [.discard(path: path)] }
        occupant?.keeping -= 1
        switch (product, result) {
        case (.checkpoint(let step), .success(let sha256)):
            let record = Action.recordCheckpoint(lease, sha256: sha256, step: step)
            return [record] + (releaseIfLost() ?? [.acknowledge(lease, path: path)])
        case (.checkpoint, .failure(let failure)):
            let event = Action.event(
                lease, kind: "checkpoint_not_kept",
                message:
                    "the checkpoint could not be kept: \(failure.message). A run that stops goes "
                    + "on from the last one that was")
            return [.discard(path: path), event]
                + (releaseIfLost() ?? [.acknowledge(lease, path: path)])
        case (.model(let parameters), .success(let sha256)):
            return vacating([.succeed(lease, sha256: sha256, parameters: parameters)])
        case (.model, .failure(let failure)):
            return vacating([.discard(path: path), .end(lease, .failed, failure)])
        }
    }

    /// The worker is gone. A complete checkpoint still on its way counts before the run goes back.
    mutating func workerLost(_ reason: String) -> [Action] {
        guard occupant?.isComputed == false else { return [] }
        occupant?.lostReason = reason
        return releaseIfLost() ?? []
    }

    private func current(_ run: String, _ fence: Int) -> Lease? {
        let lease = Lease(run: run, fence: fence)
        return isComputing && occupant?.lease == lease ? lease : nil
    }

    private mutating func stopped(_ lease: Lease, _ directive: Directive) -> [Action] {
        switch (directive, occupant?.sent) {
        case (.cancel, _): vacating([.end(lease, .cancelled, nil)])
        case (.pause, .pause):
            vacating([.release(lease, reason: "the worker stopped as asked", charged: false)])
        default:
            vacating([
                .release(lease, reason: "the worker stopped without being asked", charged: true)
            ])
        }
    }

    private mutating func releaseIfLost() -> [Action]? {
        guard let occupant, let reason = occupant.lostReason else { return nil }
        guard occupant.keeping == 0 else { return [] }
        return vacating([.release(occupant.lease, reason: reason, charged: true)])
    }

    private mutating func vacating(_ actions: [Action]) -> [Action] {
        guard let lease else { return actions }
        occupant = nil
        return actions + [.vacate(lease)]
    }
}
