/// Merges by their pair of tokens: a flat table, as every step of byte-pair encoding asks it.
struct PairTable: Sendable {
    struct Merge: Equatable, BitwiseCopyable {
        var rank: UInt32
        var result: Int32
    }

    private struct Slot: BitwiseCopyable {
        var key: UInt64
        var merge: Merge
    }

    private static let empty = UInt64.max

    private var slots: [Slot]
    private(set) var count = 0

    init(capacity: Int) {
        var size = 16
        while size < 2 * capacity { size *= 2 }
        slots = [Slot](
            repeating: Slot(key: Self.empty, merge: Merge(rank: 0, result: 0)), count: size)
    }

    @inline(__always)
    static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// - Precondition: fewer pairs than the capacity.
    mutating func set(_ left: Int32, _ right: Int32, _ merge: Merge, replaces: Bool) {
        let key = Self.key(left, right)
        let slot = find(key)
        if slots[slot].key == Self.empty {
            count += 1
        } else if !replaces {
            return
        }
        slots[slot] = Slot(key: key, merge: merge)
    }

    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Merge? {
        let key = Self.key(left, right)
        let slot = find(key)
        return slots[slot].key == key ? slots[slot].merge : nil
    }

    @inline(__always)
    private func find(_ key: UInt64) -> Int {
        slots.withUnsafeBufferPointer { slots in
            let mask = slots.count - 1
            var slot = Int(truncatingIfNeeded: ByteHash.mix(key)) & mask
            while slots[slot].key != key, slots[slot].key != Self.empty { slot = (slot + 1) & mask }
            return slot
        }
    }
}
