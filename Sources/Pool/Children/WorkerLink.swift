/// What a worker computes.
package enum WorkerRole: String, Sendable {
    case train
    case infer
    /// Model files in and out: one for each job, gone after it.
    case files

    /// Those that are kept alive.
    package static let supervised: [WorkerRole] = [.train, .infer]
}

/// A started worker: the server's end of its socket, and a hold on its process.
package protocol WorkerLink: Sendable {
    /// Closed by the supervisor.
    var descriptor: Int32 { get }
    /// Ends the worker at once, waits until it is gone, and says how it ended.
    func terminate() -> String
}

/// Starts workers.
package protocol WorkerLauncher: Sendable {
    /// - Throws: `WorkerFailure`.
    func launch(_ role: WorkerRole) throws -> any WorkerLink
}
