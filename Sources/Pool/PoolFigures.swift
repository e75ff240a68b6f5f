/// What the pool has done and has to do, for those who watch it.
package struct PoolFigures: Sendable, Equatable {
    /// Jobs by what they want.
    package struct Jobs: Sendable, Equatable {
        package var waiting = 0
        /// Handed to the worker, not answered yet.
        package var running = 0
        package init() {}
    }

    package var classify = Jobs()
    package var generate = Jobs()
    /// Tokens of classified texts and of prompts.
    package var promptTokens: UInt64 = 0
    package var completionTokens: UInt64 = 0
    /// Workers started, by role; all but the first of a role took the place of another one.
    package var launches: [WorkerRole: Int] = [:]
    package var ready: Set<WorkerRole> = []

    package init() {}
}
