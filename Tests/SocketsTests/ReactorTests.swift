import Testing

@testable import Sockets

@Suite struct ReactorTests {
    @Test("A task that prefers the reactor runs on its thread, before and after a suspension")
    func executor() async throws {
        let reactor = try Reactor(name: "test")
        reactor.start()
        defer { reactor.stop() }
        let isThere = await Task(executorPreference: reactor) {
            let before = reactor.isCurrent
            try? await Task.sleep(for: .milliseconds(5))
            return before && reactor.isCurrent
        }.value
        #expect(isThere)
        #expect(!reactor.isCurrent)
    }

    @Test("Work from other threads runs in order")
    func order() async throws {
        let reactor = try Reactor(name: "test")
        reactor.start()
        defer { reactor.stop() }
        let seen = Guarded<[Int]>([])
        for number in 0..<1000 { reactor.perform { seen.withLock { $0.append(number) } } }
        await withCheckedContinuation { continuation in
            reactor.perform { continuation.resume() }
        }
        #expect(seen.withLock { $0 } == Array(0..<1000))
    }
}
