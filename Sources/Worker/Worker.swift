import CPUBackend
import Glibc
import WorkerProtocol

/// The compute child's main. Two threads: this one reads the socket and answers pings, whatever
/// is being computed; the other owns the models and computes.
package enum Worker {
    /// The server's end is gone, or said that it is over: nothing here is worth keeping.
    private static let done: Int32 = 0
    /// The conversation cannot go on.
    private static let broken: Int32 = 70

    /// Speaks the worker protocol on the descriptor until shutdown or the end of the stream.
    /// `role` is `train`, `infer` or `files`; `threads` 0: one per core.
    package static func run(role: String, descriptor: Int32, threads: Int) -> Never {
        ProcessSetup.dieWithParent()
        signal(SIGPIPE, SIG_IGN)
        // A file that may not grow is an error of the write, not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        let problem = ProcessSetup.checkMathematics()
        let channel = ServerChannel(descriptor: descriptor)
        let inbox = Inbox<WorkerRequest>()
        do {
            try OwnThread.start("compute") {
                ProcessSetup.lowerPriority(isInference: role == "infer")
                compute(role, threads, problem, channel, inbox)
            }
            while let request = try channel.receive() {
                switch request {
                case .ping(let number): channel.send(.pong(number))
                case .shutdown: _exit(done)
                default: inbox.post(request)
                }
            }
        } catch {
            ProcessSetup.say("the \(role) worker ends: \(error)")
            _exit(broken)
        }
        _exit(done)
    }

    private static func compute(
        _ role: String, _ threads: Int, _ problem: String?, _ channel: ServerChannel,
        _ inbox: Inbox<WorkerRequest>
    ) {
        let backend = CPUBackend(threads: threads)
        channel.send(
            .ready(
                WorkerInfo(
                    version: WorkerProtocol.version, pid: getpid(), role: role,
                    threads: backend.threads, numerics: backend.numerics,
                    problems: problem.map { [$0] } ?? [])))
        if let problem {
            RefusingLoop(problem: problem, channel: channel, inbox: inbox).run()
        } else if role == "train" {
            TrainingLoop(backend: backend, channel: channel, inbox: inbox).run()
        } else if role == "files" {
            FileLoop(backend: backend, channel: channel, inbox: inbox).run()
        } else {
            InferenceLoop(
                backend: backend, channel: channel, inbox: inbox,
                load: ModelSource(threads: threads) { CPUBackend(threads: $0) }.load
            ).run()
        }
    }
}
