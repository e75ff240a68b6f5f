/// How an upload is written: JSON lines, RFC 4180 with a header, or documents parted by blank
/// lines.
package enum UploadFormat: String, Sendable, CaseIterable {
    case jsonl, csv, text
}

/// Streams an upload: feed bytes as they come, in pieces of any size; canonical lines come out, at
/// the end the summary or all problems up to a limit. Memory is bounded by the limits, except 8
/// bytes or so a row for finding duplicates. A byte order mark at the start is skipped.
package struct UploadValidator {
    private let format: UploadFormat
    private var collector: RowCollector
    private var lines: LineSplitter
    private var csv: CSVReader
    private var csvState = CSVState.header
    /// The first bytes, until it is known whether they are a byte order mark.
    private var head: [UInt8]? = []

    private enum CSVState {
        case header
        case rows(CSVHeader)
        case unusable
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    package init(_ format: UploadFormat, limits: DatasetLimits = DatasetLimits()) {
        self.format = format
        collector = RowCollector(limits)
        lines = LineSplitter(bytesMax: limits.rowBytesMax)
        csv = CSVReader(bytesMax: limits.rowBytesMax)
    }

    /// Returns canonical JSONL bytes to append to the stored file. After a problem it goes on, to
    /// report them all, but returns nothing more.
    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let isFed: Void? = bytes.withContiguousStorageIfAvailable {
            start(UnsafeRawBufferPointer($0))
        }
        if isFed == nil { Array(bytes).withUnsafeBytes { start($0) } }
        return collector.drain()
    }

    package mutating func finish() -> (
        bytes: [UInt8], result: Result<DatasetSummary, ValidationFailure>
    ) {
        if let head { head.withUnsafeBytes { consume($0) } }
        head = nil
        switch format {
        case .jsonl: lines.finish(into: &collector, Self.jsonLine)
        case .text:
            lines.finish(into: &collector, Self.textLine)
            collector.endDocument()
        case .csv:
            var sink = CSVSink(collector: collector, state: csvState)
            csv.finish(into: &sink, Self.csvEvent)
            collector = sink.collector
        }
        return (collector.drain(), collector.result())
    }

    private mutating func start(_ bytes: UnsafeRawBufferPointer) {
        guard var head else { return consume(bytes) }
        let taken = min(Self.byteOrderMark.count - head.count, bytes.count)
        head.append(contentsOf: bytes[..<taken])
        let rest = UnsafeRawBufferPointer(rebasing: bytes[taken...])
        if head == Self.byteOrderMark {
            self.head = nil
            consume(rest)
        } else if Self.byteOrderMark.starts(with: head) {
            self.head = head
        } else {
            self.head = nil
            head.withUnsafeBytes { consume($0) }
            consume(rest)
        }
    }

    private mutating func consume(_ bytes: UnsafeRawBufferPointer) {
        switch format {
        case .jsonl: lines.feed(bytes, into: &collector, Self.jsonLine)
        case .text: lines.feed(bytes, into: &collector, Self.textLine)
        case .csv:
            var sink = CSVSink(collector: collector, state: csvState)
            collector = RowCollector(collector.limits)
            csv.feed(bytes, into: &sink, Self.csvEvent)
            collector = sink.collector
            csvState = sink.state
        }
    }

    private static func jsonLine(
        _ collector: inout RowCollector, _ line: LineSplitter.Line, _ number: Int
    ) {
        switch line {
        case .whole(let bytes): collector.addJSON(bytes, line: number)
        case .tooLong: collector.reportTooLong(number, "the line")
        }
    }

    private static func textLine(
        _ collector: inout RowCollector, _ line: LineSplitter.Line, _ number: Int
    ) {
        switch line {
        case .whole(let bytes): collector.addText(bytes, line: number)
        case .tooLong: collector.addOverlongText(line: number)
        }
    }

    private struct CSVSink {
        var collector: RowCollector
        var state: CSVState
    }

    private static func csvEvent(_ sink: inout CSVSink, _ event: CSVReader.Event) {
        if case .unusable = sink.state { return }
        switch (event, sink.state) {
        case (.record(let record), .header):
            sink.state = sink.collector.csvHeader(record).map { .rows($0) } ?? .unusable
        case (.record(let record), .rows(let header)): sink.collector.addCSV(record, header)
        case (.record, .unusable): break
        case (.malformed(let line, let message), let state):
            sink.collector.report(line, nil, message)
            if case .header = state { sink.state = .unusable }
        case (.tooLong(let line), let state):
            sink.collector.reportTooLong(line, "the record")
            if case .header = state { sink.state = .unusable }
        }
    }
}
