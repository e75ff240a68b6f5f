import Testing

@testable import Pool

@Suite struct InferenceQueueTests {
    @Test("Classification goes ahead of generation that came before it")
    func order() {
        var queue = InferenceQueue(limits: PoolLimits())
        #expect(queue.admit(1, .generate, now: 0))
        #expect(queue.admit(2, .classify, now: 0))
        #expect(queue.admit(3, .generate, now: 0))
        #expect(queue.admit(4, .classify, now: 0))
        #expect(queue.dispatch() == [2, 4, 1, 3])
        #expect(queue.dispatch() == [])
    }

    @Test("What exceeds the worker's share waits and survives the worker's death")
    func share() {
        var limits = PoolLimits()
        limits.generateInFlightMax = 2
        var queue = InferenceQueue(limits: limits)
        for id in 1...3 { #expect(queue.admit(id, .generate, now: 0)) }
        #expect(queue.dispatch() == [1, 2])
        #expect(queue.workerLost() == [1, 2])
        #expect(queue.dispatch() == [3])
        queue.finish(3)
        #expect(queue.count == 0)
    }

    @Test("The limit counts waiting and running jobs")
    func limit() {
        var limits = PoolLimits()
        limits.inferenceJobsMax = 2
        var queue = InferenceQueue(limits: limits)
        #expect(queue.admit(1, .classify, now: 0))
        #expect(queue.dispatch() == [1])
        #expect(queue.admit(2, .classify, now: 0))
        #expect(!queue.admit(3, .classify, now: 0))
        queue.finish(1)
        #expect(queue.admit(4, .classify, now: 0))
    }

    @Test("A waiting job is withdrawn, a running one is told to the worker, an unknown one nothing")
    func cancel() {
        var queue = InferenceQueue(limits: PoolLimits())
        _ = queue.admit(1, .generate, now: 0)
        #expect(queue.cancel(1) == .withdrawn)
        #expect(queue.dispatch() == [])
        _ = queue.admit(2, .generate, now: 0)
        _ = queue.dispatch()
        #expect(queue.cancel(2) == .tellWorker)
        #expect(queue.count == 1, "its place is free when the worker has answered")
        #expect(queue.cancel(9) == .unknown)
    }

    @Test("A job that waited too long is taken out, not one that runs")
    func expiry() {
        var limits = PoolLimits()
        limits.generateInFlightMax = 1
        var queue = InferenceQueue(limits: limits)
        _ = queue.admit(1, .generate, now: 0)
        _ = queue.dispatch()
        _ = queue.admit(2, .generate, now: 5)
        #expect(queue.expiresAt == 65)
        #expect(queue.expire(now: 64.9) == [])
        #expect(queue.expire(now: 65) == [2])
        #expect(queue.count == 1)
    }
}
