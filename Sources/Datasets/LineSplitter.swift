import Glibc

/// Cuts a stream of bytes into lines at LF or CRLF, wherever its chunks end; memory is bounded by
/// the longest line allowed.
struct LineSplitter {
    enum Line {
        /// The line without its end, valid during the call only.
        case whole(UnsafeRawBufferPointer)
        case tooLong
    }

    private let bytesMax: Int
    private var pending: [UInt8] = []
    private var isTooLong = false
    private var number = 1

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    mutating func feed<Sink>(
        _ chunk: UnsafeRawBufferPointer, into sink: inout Sink,
        _ body: (inout Sink, _ line: Line, _ number: Int) -> Void
    ) {
        var rest = chunk
        while let base = rest.baseAddress, !rest.isEmpty {
            guard let found = memchr(base, 0x0A, rest.count) else { break }
            let length = base.distance(to: UnsafeRawPointer(found))
            let head = UnsafeRawBufferPointer(rebasing: rest[..<length])
            if pending.isEmpty, !isTooLong {
                give(head, &sink, body)
            } else {
                keep(head)
                givePending(&sink, body)
            }
            number += 1
            rest = UnsafeRawBufferPointer(rebasing: rest[(length + 1)...])
        }
        keep(rest)
    }

    /// The last line, when it had no end.
    mutating func finish<Sink>(
        into sink: inout Sink, _ body: (inout Sink, _ line: Line, _ number: Int) -> Void
    ) {
        if !pending.isEmpty || isTooLong { givePending(&sink, body) }
    }

    /// One byte more than allowed is kept, for a CR that belongs to the line's end.
    private mutating func keep(_ bytes: UnsafeRawBufferPointer) {
        guard !isTooLong else { return }
        if pending.count + bytes.count > bytesMax + 1 {
            isTooLong = true
            pending = []
        } else {
            pending.append(contentsOf: bytes)
        }
    }

    private mutating func givePending<Sink>(
        _ sink: inout Sink, _ body: (inout Sink, _ line: Line, _ number: Int) -> Void
    ) {
        if isTooLong {
            body(&sink, .tooLong, number)
        } else {
            pending.withUnsafeBytes { give($0, &sink, body) }
        }
        pending.removeAll(keepingCapacity: true)
        isTooLong = false
    }

    private func give<Sink>(
        _ bytes: UnsafeRawBufferPointer, _ sink: inout Sink,
        _ body: (inout Sink, _ line: Line, _ number: Int) -> Void
    ) {
        let line = bytes.last == 0x0D ? UnsafeRawBufferPointer(rebasing: bytes.dropLast()) : bytes
        body(&sink, line.count > bytesMax ? .tooLong : .whole(line), number)
    }
}
