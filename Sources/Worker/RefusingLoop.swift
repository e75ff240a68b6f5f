import WorkerProtocol

/// What a worker does whose mathematics is wrong: it answers, and computes nothing.
struct RefusingLoop {
    var problem: String
    var channel: ServerChannel
    var inbox: Inbox<WorkerRequest>

    func run() -> Never {
        let failure = WorkerFailure(
            code: "internal", message: "this worker refuses to compute: \(problem)")
        while true {
            for request in inbox.take(waiting: true) { channel.refuse(request, failure) }
        }
    }
}
