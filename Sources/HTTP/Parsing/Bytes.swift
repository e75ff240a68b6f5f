/// What the wire layer reads: bytes where they were received.
typealias Bytes = UnsafeBufferPointer<UInt8>

extension Bytes {
    /// Where the bytes from `start` on that satisfy `isPart` end.
    @inline(__always)
    func end(of start: Int, where isPart: (UInt8) -> Bool) -> Int {
        var index = start
        while index < count, isPart(self[index]) { index &+= 1 }
        return index
    }

    /// Whether they are exactly the ASCII `text`.
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] != text.utf8Start[index] { return false }
        return true
    }
}
