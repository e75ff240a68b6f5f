/// Unicode scalars in valid UTF-8 that is read through a pointer.
enum Scalars {
    /// Bytes of the sequence that `lead` begins.
    @inline(__always)
    static func length(_ lead: UInt8) -> Int {
        lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    }

    @inline(__always)
    static func decode(_ text: UnsafePointer<UInt8>) -> (scalar: UInt32, length: Int) {
        let lead = UInt32(text[0])
        if lead < 0x80 { return (lead, 1) }
        if lead < 0xE0 { return ((lead & 0x1F) << 6 | UInt32(text[1]) & 0x3F, 2) }
        let middle = UInt32(text[1]) & 0x3F
        if lead < 0xF0 {
            return ((lead & 0x0F) << 12 | middle << 6 | UInt32(text[2]) & 0x3F, 3)
        }
        return (
            (lead & 0x07) << 18 | middle << 12 | (UInt32(text[2]) & 0x3F) << 6
                | UInt32(text[3]) & 0x3F, 4
        )
    }

    /// The first byte of the scalar that ends before `position`.
    @inline(__always)
    static func start(before position: Int, in text: UnsafePointer<UInt8>) -> Int {
        var start = position - 1
        while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }

    /// - Returns: the number of bytes appended.
    @inline(__always)
    static func append(_ scalar: UInt32, to bytes: inout Run<UInt8>) -> Int {
        if scalar < 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: scalar))
            return 1
        }
        if scalar < 0x800 {
            bytes.append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
            return 2
        }
        if scalar < 0x10000 {
            bytes.append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
            bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
            return 3
        }
        bytes.append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
        bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F))
        bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
        bytes.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
        return 4
    }
}
