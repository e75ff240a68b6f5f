import COpenSSL

/// Makes ids: a prefix and random characters of [0-9a-z]; 20 of them are 103 bits.
enum Identifier {
    private static let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)

    static func make(_ prefix: String, length: Int = 20) throws -> String {
        var characters: [UInt8] = []
        var random = [UInt8](repeating: 0, count: 32)
        while characters.count < length {
            guard RAND_bytes(&random, Int32(random.count)) == 1 else {
                throw StoreError(code: "internal", message: "no random bytes for an id")
            }
            // 252 is the largest multiple of 36 in a byte: a higher one would favour low digits.
            characters += random.filter { $0 < 252 }.map { alphabet[Int($0) % 36] }
        }
        return prefix + String(decoding: characters[..<length], as: UTF8.self)
    }
}
