/// GPT-2's alphabet: every byte is written as one printable character, the printable Latin-1
/// bytes as themselves and the other 68 as U+0100 and following, in order.
enum ByteAlphabet {
    /// Byte of each character up to U+0143; -1 where the character is not in the alphabet.
    private static let byteOfScalar: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x144)
        var next = 0x100
        for byte in 0..<256 {
            let printable = (0x21...0x7E).contains(byte) || (0xA1...0xFF).contains(byte)
            if printable && byte != 0xAD {
                table[byte] = Int16(byte)
            } else {
                table[next] = Int16(byte)
                next += 1
            }
        }
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
}
