/// Finds the end of one line that may come in pieces, refusing what no line may hold at the first
/// byte that shows it.
struct LineScanner: Sendable {
    enum Outcome: Equatable {
        case incomplete
        /// The line has `length` bytes before its CRLF.
        case line(length: Int)
        /// A control byte, or CR and LF other than as a pair.
        case malformed
        case tooLong
    }

    private var scanned = 0

    /// - Parameters:
    ///   - input: from the start of the line, the bytes of earlier calls included.
    ///   - lengthMax: bytes allowed before the CRLF.
    mutating func scan(_ input: Bytes, lengthMax: Int) -> Outcome {
        var index = scanned
        let wordsEnd = min(input.count, lengthMax) - 8
        let words = UnsafeRawBufferPointer(input)
        while index <= wordsEnd,
            Self.isText(words.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        {
            index &+= 8
        }
        while index < input.count {
            let byte = input[index]
            if ByteClass.isFieldText(byte) {
                if index >= lengthMax { return .tooLong }
                index &+= 1
                continue
            }
            scanned = index
            guard byte == 0x0D else { return .malformed }
            guard index &+ 1 < input.count else { return .incomplete }
            guard input[index &+ 1] == 0x0A else { return .malformed }
            scanned = 0
            return .line(length: index)
        }
        scanned = index
        return .incomplete
    }

    /// Whether none of eight bytes is a control byte, HTAB included, or DEL.
    @inline(__always)
    private static func isText(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let controls = (word &- ones &* 0x20) & ~word & tops
        let other = word ^ (ones &* 0x7F)
        let deletes = (other &- ones) & ~other & tops
        return controls | deletes == 0
    }
}
