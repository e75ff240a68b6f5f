import WorkerProtocol

/// What a duty wants done to its worker.
struct Orders {
    var send: [WorkerRequest] = []
    /// Replace the worker, for this reason.
    var kill: String?

    static func send(_ request: WorkerRequest) -> Orders { Orders(send: [request]) }
}

/// What a worker is for. Confined to its supervisor's thread; it sends only between `workerReady`
/// and `workerLost`, and knows no sockets and no processes.
protocol Duty: AnyObject {
    associatedtype Command: Sendable

    func receive(_ command: Command, now: Double) -> Orders
    func receive(_ reply: WorkerReply, now: Double) -> Orders
    func workerReady(_ info: WorkerInfo, now: Double) -> Orders
    func workerLost(_ reason: String, now: Double)
    /// Called whenever anything happened, and at `wakeAt`.
    func tick(now: Double) -> Orders
    var wakeAt: Double? { get }
    /// Take nothing new, bring what runs to a safe end.
    func drain(now: Double) -> Orders
    var isDrained: Bool { get }
    /// The supervisor ends; whoever still waits must hear it.
    func end()
}
