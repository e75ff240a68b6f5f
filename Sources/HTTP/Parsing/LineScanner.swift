typealias Bytes = UnsafeBufferPointer<UInt8>

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
}
