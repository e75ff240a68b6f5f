/// The bytes of every token, and the token of given bytes. Compared as bytes: two strings that
/// Unicode calls equal are different tokens.
struct TokenTable: Sendable {
    private var pool: [UInt8] = []
    private var offsets: [Int] = [0]
    /// Open addressing, token + 1, 0 is empty; its size is a power of two.
    private var slots: [Int32]

    init(capacity: Int) {
        var size = 16
        while size < 2 * capacity { size *= 2 }
        slots = [Int32](repeating: 0, count: size)
        pool.reserveCapacity(8 * capacity)
        offsets.reserveCapacity(capacity + 1)
    }

    var count: Int { offsets.count - 1 }

    func bytes(of token: Int) -> ArraySlice<UInt8> {
        pool[offsets[token]..<offsets[token + 1]]
    }

    /// Adds the next token. An unfindable one keeps its number only; so does one whose bytes an
    /// earlier token has.
    /// - Returns: false when an earlier findable token has the same bytes.
    @discardableResult
    mutating func append(_ bytes: some Sequence<UInt8>, findable: Bool) -> Bool {
        let token = Int32(count)
        pool += bytes
        offsets.append(pool.count)
        guard findable else { return true }
        let begin = offsets[Int(token)]
        let slot = pool.withUnsafeBufferPointer { pool in
            find(UnsafeBufferPointer(rebasing: pool[begin...]))
        }
        guard slots[slot] == 0 else { return false }
        slots[slot] = token + 1
        return true
    }

    @inline(__always)
    func token(_ bytes: UnsafeBufferPointer<UInt8>) -> Int32? {
        let value = slots[find(bytes)]
        return value == 0 ? nil : value - 1
    }

    func token(_ bytes: [UInt8]) -> Int32? {
        bytes.withUnsafeBufferPointer { token($0) }
    }

    /// The slot that holds these bytes, or the empty one where they belong.
    private func find(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let hash = ByteHash.of(bytes)
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash ^ (hash >> 29)) & mask
        while slots[slot] != 0, !matches(Int(slots[slot]) - 1, bytes) {
            slot = (slot + 1) & mask
        }
        return slot
    }

    private func matches(_ token: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let begin = offsets[token]
        guard offsets[token + 1] - begin == bytes.count else { return false }
        var i = 0
        while i < bytes.count {
            if pool[begin + i] != bytes[i] { return false }
            i &+= 1
        }
        return true
    }
}
