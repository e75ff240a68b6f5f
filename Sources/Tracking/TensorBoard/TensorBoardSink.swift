import FoundationEssentials
internal import Glibc
import Spec
package import Store

/// Appends metrics to TensorBoard event files: `FOLDER/<name>-<id>/<split>/events.out.tfevents…`, so
/// that a task's training and validation curves share a chart. One file a run, split and start of
/// the server; a reader may look on while they grow.
package final class TensorBoardSink: MetricSink {
    package let name: String
    private let folder: String
    private let startedAt: Int
    /// Files that have their first record.
    private var begun: Set<String> = []
    /// Whether the next metrics may lie there already: after a failure or a crash they come again.
    private var mayRepeat = true

    /// - Parameter folder: made when the first metric comes.
    package init(folder: String, startedAt: Int = time(nil)) {
        self.folder = folder
        self.startedAt = startedAt
        name = "tensorboard \(folder)"
    }

    package func write(_ metrics: [RunMetric], runs: [String: RunRecord]) throws {
        var chunks: [String: [UInt8]] = [:]
        var written: [String: Set<[UInt8]>] = [:]
        for metric in metrics {
            guard let run = runs[metric.run], metric.record.point.value.isFinite else { continue }
            let point = metric.record.point
            let place = "\(folder)/\(run.name)-\(run.id)/\(point.split)"
            let record = EventRecord.scalar(
                Scalar(
                    tag: MetricName.grouped(point), value: Float(point.value),
                    step: Int64(point.step), time: metric.record.time))
            if mayRepeat {
                if written[place] == nil { written[place] = Self.records(in: place) }
                if written[place]?.contains(record) == true { continue }
            }
            let file = "\(place)/events.out.tfevents.\(startedAt).polytask"
            if chunks[file] == nil, !begun.contains(file) {
                chunks[file] = EventRecord.version(time: metric.record.time)
            }
            chunks[file, default: []] += record
        }
        mayRepeat = true
        for (file, bytes) in chunks.sorted(by: { $0.key < $1.key }) {
            try append(bytes, to: file)
            begun.insert(file)
        }
        mayRepeat = false
    }

    /// Every record that earlier starts have written to a folder.
    private static func records(in folder: String) -> Set<[UInt8]> {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasSuffix(".polytask") }.reduce(into: []) { records, file in
            let bytes = FileManager.default.contents(atPath: "\(folder)/\(file)").map { Array($0) }
            records.formUnion(EventRecord.split(bytes ?? []))
        }
    }

    private func append(_ bytes: [UInt8], to path: String) throws {
        let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        try FileManager.default.createDirectory(
            atPath: parent.joined(separator: "/"), withIntermediateDirectories: true)
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw TrackingError.file(path, errno) }
        defer { close(file) }
        // One write a batch: a reader sees whole records, or the last one cut, which it awaits.
        let end = lseek(file, 0, SEEK_END)
        var start = 0
        while start < bytes.count {
            let count = bytes[start...].withUnsafeBytes {
                Glibc.write(file, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = errno
                // Nothing can be read after a record that is cut.
                ftruncate(file, end)
                throw TrackingError.file(path, reason)
            }
            start += count
        }
    }
}
