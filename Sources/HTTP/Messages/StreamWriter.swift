/// The writing end of a streamed answer.
package struct StreamWriter: Sendable {
    private let send: @Sendable ([UInt8]) async throws -> Void

    /// A writer into `send`, which suspends as long as its output is full.
    package init(_ send: @escaping @Sendable ([UInt8]) async throws -> Void) { self.send = send }

    /// Suspends while the output buffer is full. Empty input writes nothing.
    ///
    /// - Throws: `CancellationError` when the client left or stalled.
    package func write(_ bytes: [UInt8]) async throws {
        try Task.checkCancellation()
        if !bytes.isEmpty { try await send(bytes) }
    }
}
