// RFC 4180: comma, double quotes doubled inside quotes, records ended by CRLF or LF; a line break
// inside quotes belongs to the field. After a malformed record reading goes on at the next line.

/// One record and the physical line on which it starts.
struct CSVRecord {
    var line: Int
    var fields: [ArraySlice<UInt8>]
}

struct CSVReader {
    enum Event {
        case record(CSVRecord)
        case malformed(line: Int, message: String)
        case tooLong(line: Int)
    }

    private enum State {
        case fieldStart, unquoted, quoted
        /// A quote inside quotes: the field's end, or the first half of a quote.
        case quoteInQuoted
        /// A CR outside quotes: only LF may follow.
        case carriageReturn
        case skipping
    }

    private let bytesMax: Int
    private var state = State.fieldStart
    private var record: [UInt8] = []
    private var fieldEnds: [Int] = []
    private var wasQuoted = false
    private var line = 1
    private var recordLine = 1

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    mutating func feed<Sink>(
        _ chunk: UnsafeRawBufferPointer, into sink: inout Sink,
        _ body: (inout Sink, Event) -> Void
    ) {
        for byte in chunk {
            if let event = step(byte) { body(&sink, event) }
            if byte == 0x0A {
                line += 1
                if state == .fieldStart, record.isEmpty, fieldEnds.isEmpty { recordLine = line }
            }
        }
    }

    mutating func finish<Sink>(into sink: inout Sink, _ body: (inout Sink, Event) -> Void) {
        switch state {
        case .quoted: body(&sink, .malformed(line: recordLine, message: "a quote is not closed"))
        case .skipping: break
        case .carriageReturn, .fieldStart, .unquoted, .quoteInQuoted:
            if let event = endRecord() { body(&sink, event) }
        }
    }

    private mutating func step(_ byte: UInt8) -> Event? {
        switch (state, byte) {
        case (.skipping, 0x0A):
            restart()
            return nil
        case (.skipping, _): return nil
        case (.quoted, UInt8(ascii: "\"")):
            state = .quoteInQuoted
            return nil
        case (.quoted, _): return append(byte)
        case (.quoteInQuoted, UInt8(ascii: "\"")):
            state = .quoted
            return append(byte)
        case (.carriageReturn, 0x0A), (_, 0x0A): return endRecord()
        case (.carriageReturn, _):
            return malformed("a carriage return without line feed outside quotes")
        case (_, 0x0D):
            state = .carriageReturn
            return nil
        case (_, UInt8(ascii: ",")):
            fieldEnds.append(record.count)
            state = .fieldStart
            return limited(byte)
        case (.fieldStart, UInt8(ascii: "\"")):
            state = .quoted
            wasQuoted = true
            return nil
        case (.quoteInQuoted, _): return malformed("text after a closing quote")
        case (.unquoted, UInt8(ascii: "\"")): return malformed("a quote in an unquoted field")
        case (.fieldStart, _), (.unquoted, _):
            state = .unquoted
            return append(byte)
        }
    }

    private mutating func append(_ byte: UInt8) -> Event? {
        record.append(byte)
        return limited(byte)
    }

    private mutating func limited(_ byte: UInt8) -> Event? {
        guard record.count + fieldEnds.count > bytesMax else { return nil }
        state = .skipping
        let event = Event.tooLong(line: recordLine)
        if byte == 0x0A { restart() }
        return event
    }

    private mutating func malformed(_ message: String) -> Event {
        state = .skipping
        return .malformed(line: recordLine, message: message)
    }

    private mutating func endRecord() -> Event? {
        defer { restart() }
        let isBlank = fieldEnds.isEmpty && !wasQuoted && record.isEmpty
        guard !isBlank else { return nil }
        fieldEnds.append(record.count)
        var start = 0
        let fields = fieldEnds.map { end in
            defer { start = end }
            return record[start..<end]
        }
        return .record(CSVRecord(line: recordLine, fields: fields))
    }

    private mutating func restart() {
        state = .fieldStart
        record = []
        fieldEnds = []
        wasQuoted = false
    }
}
