import Testing
import WorkerProtocol

@testable import Worker

@Suite struct ClassifyQueueTests {
    func job(_ id: Int, task: String = "t", bytes: Int = 10) -> ClassifyJob {
        let files = ModelFiles(base: BlobReference(sha256: "a", path: "a"))
        return ClassifyJob(
            id: id, model: "m", files: files, task: task,
            inputs: [InputText(String(repeating: "x", count: bytes))], truncate: false)
    }

    private final class Backbone {}
    private let one = Backbone()
    private let other = Backbone()

    @Test("Jobs on one backbone come out together, whatever their tasks; others keep their place")
    func together() {
        var queue = ClassifyQueue()
        queue.add(job(1), backbone: ObjectIdentifier(one))
        queue.add(job(2), backbone: ObjectIdentifier(other))
        queue.add(job(3, task: "u"), backbone: ObjectIdentifier(one))
        #expect(queue.next().map(\.job.id) == [1, 3])
        #expect(queue.next().map(\.job.id) == [2])
        #expect(queue.next().isEmpty)
    }

    @Test("A pass has a limit, which a single job may exceed; nobody overtakes at the limit")
    func limit() {
        var queue = ClassifyQueue()
        let most = ClassifyQueue.bytesMax
        for job in [job(1, bytes: most - 5), job(2, bytes: 6), job(3, bytes: 1)] {
            queue.add(job, backbone: ObjectIdentifier(one))
        }
        #expect(queue.next().map(\.job.id) == [1])
        #expect(queue.next().map(\.job.id) == [2, 3])
        queue.add(job(4, bytes: most * 2), backbone: ObjectIdentifier(one))
        #expect(queue.next().map(\.job.id) == [4])
    }

    @Test("A large job is served in pieces, and those behind it come in between")
    func pieces() {
        var queue = ClassifyQueue()
        var large = job(1)
        large.inputs = Array(
            repeating: InputText(String(repeating: "x", count: 400)), count: 7)
        queue.add(large, backbone: ObjectIdentifier(one))
        queue.add(job(2, bytes: 300), backbone: ObjectIdentifier(one))
        queue.add(job(3), backbone: ObjectIdentifier(other))
        var passes: [[Int]] = []
        var seen: [Int] = []
        while !queue.isEmpty {
            let pieces = queue.next()
            passes.append(pieces.map(\.job.id))
            for piece in pieces where piece.job.id == 1 { seen += Array(piece.range) }
            #expect(pieces.flatMap(\.inputs).reduce(0) { $0 + $1.size } <= 1024)
            #expect(passes.count < 10)
        }
        // 2 takes what room the first large piece left no place for, 3 has a pass of its own.
        #expect(passes == [[1], [2, 1], [3], [1], [1]])
        #expect(seen == Array(0..<7))
    }

    @Test("A cancelled job is gone")
    func cancel() {
        var queue = ClassifyQueue()
        queue.add(job(1), backbone: ObjectIdentifier(one))
        let here = queue.cancel(1)
        let gone = queue.cancel(1)
        #expect(here && !gone)
        #expect(queue.isEmpty)
    }
}
