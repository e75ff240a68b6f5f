/// GPT-2's alphabet: every byte is written as one printable character, the printable Latin-1
/// bytes as themselves and the other 68 as U+0100 and following, in order.
enum ByteAlphabet {
    /// The character of each byte.
    static let scalarOfByte: [UInt32] = {
        var next: UInt32 = 0x100
        return (0..<256).map { byte in
            let printable = (0x21...0x7E).contains(byte) || (0xA1...0xFF).contains(byte)
            if printable && byte != 0xAD { return UInt32(byte) }
            defer { next += 1 }
            return next
        }
    }()

    /// Byte of each character up to U+0143; -1 where the character is not in the alphabet.
    private static let byteOfScalar: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalarOfByte.enumerated() { table[Int(scalar)] = Int16(byte) }
        return table
    }()

    /// Appends the bytes that `text` (UTF-8 of alphabet characters) stands for; false when it
    /// holds anything else.
    static func appendBytes(of text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) -> Bool {
        byteOfScalar.withUnsafeBufferPointer { table in
            var i = 0
            while i < text.count {
                var scalar = Int(text[i])
                i += 1
                if scalar >= 0x80 {
                    guard scalar & 0xE0 == 0xC0, i < text.count else { return false }
                    scalar = (scalar & 0x1F) << 6 | Int(text[i]) & 0x3F
                    i += 1
                }
                guard scalar < table.count, table[scalar] >= 0 else { return false }
                bytes.append(UInt8(truncatingIfNeeded: table[scalar]))
            }
            return true
        }
    }

    /// The bytes that `text` stands for; nil when it holds anything but alphabet characters.
    static func bytes(of text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        let isWhole = Array(text).withUnsafeBytes { appendBytes(of: $0, to: &bytes) }
        return isWhole ? bytes : nil
    }

    /// `bytes` written in the alphabet, as UTF-8.
    static func text(of bytes: some Sequence<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        for byte in bytes {
            let scalar = scalarOfByte[Int(byte)]
            if scalar < 0x80 {
                text.append(UInt8(scalar))
            } else {
                text.append(UInt8(0xC0 | scalar >> 6))
                text.append(UInt8(0x80 | scalar & 0x3F))
            }
        }
        return text
    }
}
