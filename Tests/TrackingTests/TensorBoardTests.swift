import Foundation
import Spec
import Store
import TestSupport
import Testing

@testable import Tracking

@Suite struct TensorBoardTests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String(format: "%02x", $0) }.joined()
    }

    /// RFC 3720, appendix B.4, and the check value of the polynomial.
    @Test("Checksums are Castagnoli's")
    func checksums() {
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(Array(0..<32)) == 0x46DD_794E)
    }

    /// Written with the `tensorboard` package's own RecordWriter:
    ///
    ///     Event(wall_time=1234.5, file_version="brain.Event:2")
    ///     Event(wall_time=1234.5, step=300, summary=Summary(value=[
    ///         Summary.Value(tag="sentiment/accuracy", simple_value=0.75)]))
    @Test("Records are byte for byte what TensorBoard's own writer makes")
    func goldens() {
        #expect(
            hex(EventRecord.version(time: 1234.5))
                == "1800000000000000a37f4b220900000000004a93401a0d"
                + "627261696e2e4576656e743a3265b8d3fb")
        let scalar = Scalar(tag: "sentiment/accuracy", value: 0.75, step: 300, time: 1234.5)
        #expect(
            hex(EventRecord.scalar(scalar))
                == "290000000000000037ff5f000900000000004a934010ac022a1b0a190a12"
                + "73656e74696d656e742f6163637572616379150000403f4e4a80b3")
    }

    @Test("Names group by task, and tell splits apart where one place holds them all")
    func names() {
        let point = MetricPoint(
            task: "mood", name: "loss", split: "validation", epoch: 1, step: 1, value: 1)
        #expect(MetricName.grouped(point) == "mood/loss")
        #expect(MetricName.withSplit(point) == "mood/validation_loss")
        let rate = MetricPoint(name: "learning_rate", epoch: 1, step: 1, value: 1)
        #expect(MetricName.withSplit(rate) == "run/learning_rate")
        let cosine = MetricPoint(
            task: "mood", name: "gradient_cosine.reply", split: "diagnosis", epoch: 1, step: 1,
            value: 1)
        #expect(MetricName.withSplit(cosine) == "mood/gradient_cosine.reply")
    }
}

/// Remembers what it was given; fails when told to.
final class FakeSink: MetricSink {
    let name = "fake"
    var written: [RunMetric] = []
    var ended: [String] = []
    var isBroken = false

    func write(_ metrics: [RunMetric], runs: [String: RunRecord]) throws {
        if isBroken { throw TrackingError(code: "refused", message: "broken") }
        written += metrics
    }

    func ended(_ runs: [RunRecord]) throws {
        if isBroken { throw TrackingError(code: "refused", message: "broken") }
        ended += runs.map(\.id)
    }
}

@Suite struct MetricExportTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func makeRun(_ store: Store) throws -> RunRecord {
        let spec = RunSpec(name: "bot", baseModel: "b", tasks: [])
        _ = try store.createRun(spec, idempotency: nil)
        return try #require(try store.leaseNextRun())
    }

    private func points(_ steps: Range<Int>) -> [MetricPoint] {
        steps.map { MetricPoint(task: "mood", name: "loss", epoch: 1, step: $0, value: 0.5) }
    }

    @Test("Every metric is passed on once, in order, over restarts and failures")
    func export() throws {
        let store = try Store(folder: folder.path)
        let run = try makeRun(store)
        try store.recordMetrics(run.id, fence: run.fence, points(0..<1500))
        let sink = FakeSink()
        var export = MetricExport(store: store, sink: sink)
        #expect(try export.step())
        sink.isBroken = true
        let calm = export.waitSeconds
        #expect(throws: TrackingError.self) { try export.step() }
        #expect(throws: TrackingError.self) { try export.step() }
        #expect(export.waitSeconds == 4 * calm)
        sink.isBroken = false
        // As after a restart: the position is the store's.
        var again = MetricExport(store: store, sink: sink)
        #expect(try !again.step())
        #expect(sink.written.map(\.record.point.step) == Array(0..<1500))
        try store.recordMetrics(run.id, fence: run.fence, points(1500..<1510))
        // One that is sent again keeps its number: it is not news.
        try store.recordMetrics(run.id, fence: run.fence, points(3..<4))
        _ = try again.step()
        #expect(sink.written.count == 1510 && sink.ended.isEmpty)
        try store.endRun(
            run.id, fence: run.fence, status: .failed, errorCode: "x", errorMessage: "y")
        sink.isBroken = true
        #expect(throws: TrackingError.self) { try again.step() }
        sink.isBroken = false
        _ = try again.step()
        _ = try again.step()
        #expect(sink.ended == [run.id])
    }

    @Test("Event files lie by run and split, and grow")
    func files() throws {
        let store = try Store(folder: folder.path)
        let run = try makeRun(store)
        let boards = folder.path + "/boards"
        var export = MetricExport(
            store: store, sink: TensorBoardSink(folder: boards, startedAt: 7))
        let file = "\(boards)/bot-\(run.id)/train/events.out.tfevents.7.polytask"
        try store.recordMetrics(run.id, fence: run.fence, points(0..<2))
        _ = try export.step()
        let first = try Data(contentsOf: URL(fileURLWithPath: file)).count
        try store.recordMetrics(
            run.id, fence: run.fence,
            points(2..<3) + [
                MetricPoint(task: "mood", name: "loss", epoch: 1, step: 9, value: .nan)
            ])
        _ = try export.step()
        // The version's 40 bytes and two records, then one more of the same size.
        let grown = try Data(contentsOf: URL(fileURLWithPath: file)).count
        #expect(grown - first == (first - 40) / 2)
    }

    @Test("What was written before a kill is not written again, and a cut record stays one")
    func restarted() throws {
        let store = try Store(folder: folder.path)
        let run = try makeRun(store)
        try store.recordMetrics(run.id, fence: run.fence, points(0..<5))
        let metrics = try store.metrics(after: 0, limit: 10)
        let boards = folder.path + "/boards"
        let place = "\(boards)/bot-\(run.id)/train"
        try TensorBoardSink(folder: boards, startedAt: 7)
            .write(Array(metrics[..<3]), runs: [run.id: run])
        // Killed in the middle of a record, before the position was kept.
        let first = "\(place)/events.out.tfevents.7.polytask"
        let whole = try Data(contentsOf: URL(fileURLWithPath: first))
        try whole.dropLast(5).write(to: URL(fileURLWithPath: first))
        try TensorBoardSink(folder: boards, startedAt: 8).write(metrics, runs: [run.id: run])
        let second = "\(place)/events.out.tfevents.8.polytask"
        let records = try [first, second].flatMap {
            EventRecord.split(Array(try Data(contentsOf: URL(fileURLWithPath: $0))))
        }
        // The rest are versions of the format, of 40 bytes.
        let scalars = records.filter { $0.count > 40 }
        #expect(scalars.count == 5 && Set(scalars).count == 5)
    }
}
