internal import Foundation

/// Runs blocking work on a thread of its own: the cooperative pool has as many threads as cores,
/// and a test that blocks one can hang the run.
package func onThread<Result: Sendable>(
    _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Swift.Result { try work() }) }
        thread.stackSize = 4 << 20
        thread.start()
    }
}
