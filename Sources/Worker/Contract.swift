// STUB CONTRACT, owner: pool.
package enum Worker {
    /// The `compute` child's main: speaks WorkerProtocol on the descriptor until shutdown or EOF.
    package static func run(role: String, descriptor: Int32, threads: Int) -> Never { fatalError("stub") }
}
