import Testing

@testable import Pool

@Suite struct WorkerLifecycleTests {
    @Test("It starts at once, and again after 0.5, 1, 2 … at most 30 seconds")
    func backOff() {
        var lifecycle = WorkerLifecycle(limits: PoolLimits(), now: 0)
        var now = 0.0
        var waits: [Double] = []
        for _ in 0..<9 {
            #expect(lifecycle.next(now: now) == .launch)
            lifecycle.lost(now: now)
            let next = lifecycle.wakeAt ?? .infinity
            #expect(lifecycle.next(now: next - 0.001) == nil)
            waits.append(next - now)
            now = next
        }
        #expect(waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30])
    }

    @Test("A worker that lived long starts the back-off over; one that died young does not")
    func healthy() {
        var lifecycle = WorkerLifecycle(limits: PoolLimits(), now: 0)
        _ = lifecycle.next(now: 0)
        lifecycle.lost(now: 0)
        _ = lifecycle.next(now: 10)
        lifecycle.becameReady(now: 10)
        lifecycle.lost(now: 11)
        #expect(lifecycle.wakeAt == 12)
        _ = lifecycle.next(now: 12)
        lifecycle.becameReady(now: 12)
        lifecycle.lost(now: 112)
        #expect(lifecycle.wakeAt == 112.5)
    }

    @Test("A worker that is not ready in 60 seconds is given up")
    func slowStart() {
        var lifecycle = WorkerLifecycle(limits: PoolLimits(), now: 0)
        _ = lifecycle.next(now: 0)
        #expect(lifecycle.next(now: 59.9) == nil)
        guard case .kill = lifecycle.next(now: 60) else {
            Issue.record("not given up")
            return
        }
    }

    @Test("Pings are asked one at a time; silence after one is the end")
    func pings() {
        var lifecycle = WorkerLifecycle(limits: PoolLimits(), now: 0)
        _ = lifecycle.next(now: 0)
        lifecycle.becameReady(now: 0)
        #expect(lifecycle.next(now: 4.9) == nil)
        #expect(lifecycle.next(now: 5) == .ping(1))
        #expect(lifecycle.next(now: 6) == nil)
        lifecycle.answered(ping: 1, now: 6)
        #expect(lifecycle.next(now: 11) == .ping(2))
        lifecycle.answered(ping: 1, now: 12)
        #expect(lifecycle.wakeAt == 41, "an old answer does not count")
        guard case .kill = lifecycle.next(now: 41) else {
            Issue.record("not given up")
            return
        }
    }

    @Test("After the end nothing starts any more")
    func ended() {
        var lifecycle = WorkerLifecycle(limits: PoolLimits(), now: 0)
        lifecycle.end()
        lifecycle.lost(now: 1)
        #expect(lifecycle.wakeAt == nil)
        #expect(lifecycle.next(now: 1000) == nil)
    }
}
