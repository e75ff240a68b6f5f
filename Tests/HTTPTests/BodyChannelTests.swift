import Dispatch
import TestSupport
import Testing

@testable import HTTP

@Suite("A body's channel") struct BodyChannelTests {
    @Test("a consumer on another thread never leaves the connection waiting for room")
    func demand() async throws {
        // Each piece fills the buffer.
        let pieces = 100_000
        let demand = DispatchSemaphore(value: 0)
        let channel = BodyChannel(bufferBytesMax: 4) { demand.signal() }
        async let isStalled = onThread {
            for _ in 0..<pieces {
                // Ten seconds is no speed: a channel that works signals within microseconds.
                if channel.push([1, 2, 3, 4]), demand.wait(timeout: .now() + 10) == .timedOut {
                    channel.finish()
                    return true
                }
            }
            channel.finish()
            return false
        }
        var received = 0
        while let piece = try await channel.next() { received += piece.count }
        #expect(try await !isStalled)
        #expect(received == 4 * pieces)
    }
}
