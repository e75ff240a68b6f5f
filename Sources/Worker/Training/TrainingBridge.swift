import Spec
import Training
import WorkerProtocol

/// Between the training loop and the server: batches what the loop reports, and listens to the
/// server when the loop asks. All on the computing thread.
final class TrainingBridge: TrainingObserver {
    static let reportSeconds = 0.5
    static let pointsMax = 500

    private let job: TrainJob
    private let channel: ServerChannel
    private let inbox: Inbox<WorkerRequest>
    private let clock: () -> Double
    private var wish = Directive.proceed
    private var keptPath: String?
    private var points: [MetricPoint] = []
    private var latest: TrainingProgress?
    private var sentPhase = ""
    private var sent = -Double.infinity

    init(
        job: TrainJob, channel: ServerChannel, inbox: Inbox<WorkerRequest>,
        clock: @escaping () -> Double = { Seconds.now }
    ) {
        self.job = job
        self.channel = channel
        self.inbox = inbox
        self.clock = clock
    }

    func progress(_ progress: TrainingProgress) {
        latest = progress
        if progress.phase != sentPhase || clock() - sent >= Self.reportSeconds { flush() }
    }

    func metrics(_ points: [MetricPoint]) {
        self.points += points
        if self.points.count >= Self.pointsMax || clock() - sent >= Self.reportSeconds { flush() }
    }

    func event(kind: String, message: String) {
        channel.send(.event(run: job.run, fence: job.fence, kind: kind, message: message))
    }

    func document(name: String, json: String) {
        channel.send(.document(run: job.run, fence: job.fence, name: name, json: json))
    }

    /// Metrics first: what a checkpoint covers must be there before it counts.
    func checkpoint(path: String, step: Int) {
        flush()
        channel.send(.checkpoint(run: job.run, fence: job.fence, path: path, step: step))
        while keptPath != path { absorb(inbox.take(waiting: true)) }
        keptPath = nil
    }

    func directive() -> TrainingDirective {
        absorb(inbox.take(waiting: false))
        switch wish {
        case .proceed: return .proceed
        case .cancel: return .cancel
        case .pause: return .pause
        case .checkpoint:
            wish = .proceed
            return .checkpoint
        }
    }

    /// Sends what has gathered.
    func flush() {
        sent = clock()
        if !points.isEmpty {
            channel.send(.metrics(run: job.run, fence: job.fence, points))
            points = []
        }
        if let latest {
            channel.send(.progress(run: job.run, fence: job.fence, RunProgress(latest)))
            sentPhase = latest.phase
            self.latest = nil
        }
    }

    private func absorb(_ requests: [WorkerRequest]) {
        for request in requests {
            switch request {
            case .directive(job.run, job.fence, let directive):
                wish = directive
            case .kept(job.run, job.fence, let path):
                keptPath = path
            case .train:
                channel.refuse(
                    request,
                    WorkerFailure(code: "internal", message: "the worker trains another run"))
            default:
                channel.refuse(request, TrainingLoop.onlyTrains)
            }
        }
    }
}
