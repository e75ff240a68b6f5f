import Testing
import WorkerProtocol

@testable import Worker

@Suite struct ClassifyQueueTests {
    func job(_ id: Int, task: String = "t", bytes: Int = 10) -> ClassifyJob {
        let files = ModelFiles(base: BlobReference(sha256: "a", path: "a"))
        return ClassifyJob(
            id: id, model: "m", files: files, task: task,
            inputs: [String(repeating: "x", count: bytes)], truncate: false)
    }

    @Test("Jobs for the same task come out together, others keep their place")
    func together() {
        var queue = ClassifyQueue()
        for job in [job(1), job(2, task: "u"), job(3)] { queue.add(job) }
        #expect(queue.next().map(\.id) == [1, 3])
        #expect(queue.next().map(\.id) == [2])
        #expect(queue.next().isEmpty)
    }

    @Test("A pass has a limit, which a single job may exceed; nobody overtakes at the limit")
    func limit() {
        var queue = ClassifyQueue()
        let most = ClassifyQueue.bytesMax
        for job in [job(1, bytes: most - 5), job(2, bytes: 6), job(3, bytes: 1)] { queue.add(job) }
        #expect(queue.next().map(\.id) == [1])
        #expect(queue.next().map(\.id) == [2, 3])
        queue.add(job(4, bytes: most * 2))
        #expect(queue.next().map(\.id) == [4])
    }

    @Test("A cancelled job is gone")
    func cancel() {
        var queue = ClassifyQueue()
        queue.add(job(1))
        let here = queue.cancel(1)
        let gone = queue.cancel(1)
        #expect(here && !gone)
        #expect(queue.isEmpty)
    }
}
