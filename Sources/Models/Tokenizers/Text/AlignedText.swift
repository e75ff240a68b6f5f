/// Text on its way to tokens: UTF-8, and for every byte where in the original text it came from.
/// Origins are kept only while someone will ask for offsets.
struct AlignedText: ~Copyable {
    /// A range of bytes of the original text.
    struct Span: Equatable, BitwiseCopyable {
        var begin: UInt32
        var end: UInt32
    }

    var bytes = Run<UInt8>()
    /// As many as bytes; empty when `isTracked` is false.
    var spans = Run<Span>()
    var isTracked = false

    var count: Int { bytes.count }

    mutating func removeAll() {
        bytes.removeAll()
        spans.removeAll()
    }

    /// Keeps the first `count` bytes.
    mutating func truncate(_ count: Int) {
        bytes.resize(count)
        if isTracked { spans.resize(count) }
    }

    /// Starts over with `text`, which begins at byte `offset` of the original.
    mutating func assign(_ text: UnsafeBufferPointer<UInt8>, at offset: Int, isTracked: Bool) {
        removeAll()
        self.isTracked = isTracked
        bytes.append(text)
        guard isTracked else { return }
        var position = 0
        while position < text.count {
            let length = Scalars.length(text[position])
            let span = Span(
                begin: UInt32(offset + position), end: UInt32(offset + position + length))
            for _ in 0..<min(length, text.count - position) { spans.append(span) }
            position += length
        }
    }

    @inline(__always)
    func span(at position: Int) -> Span {
        isTracked ? spans[position] : Span(begin: 0, end: 0)
    }

    /// Where the bytes `range` (not empty) came from.
    func origin(_ range: Range<Int>) -> Range<Int> {
        let begin = Int(spans[range.lowerBound].begin)
        return begin..<max(begin, Int(spans[range.upperBound - 1].end))
    }

    @inline(__always)
    mutating func append(byte: UInt8, _ span: Span) {
        bytes.append(byte)
        if isTracked { spans.append(span) }
    }

    @inline(__always)
    mutating func append(scalar: UInt32, _ span: Span) {
        let length = Scalars.append(scalar, to: &bytes)
        if isTracked { for _ in 0..<length { spans.append(span) } }
    }

    /// Copies a range of another text with its origins.
    @inline(__always)
    mutating func append(_ other: borrowing AlignedText, _ range: Range<Int>) {
        bytes.append(UnsafeBufferPointer(rebasing: other.bytes.elements[range]))
        if isTracked {
            spans.append(UnsafeBufferPointer(rebasing: other.spans.elements[range]))
        }
    }

    mutating func append(_ literal: [UInt8], _ span: Span) {
        for byte in literal { append(byte: byte, span) }
    }
}
