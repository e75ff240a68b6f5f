import COpenSSL

/// SHA-256 through OpenSSL's EVP, lower-case hex.
package struct SHA256Hasher: ~Copyable {
    private let context: OpaquePointer?

    package init() {
        context = EVP_MD_CTX_new()
        let isReady = EVP_DigestInit_ex(context, EVP_sha256(), nil)
        precondition(isReady == 1, "OpenSSL offers no SHA-256")
    }

    deinit { EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        let isDone = EVP_DigestUpdate(context, base, bytes.count)
        precondition(isDone == 1, "OpenSSL refused bytes to hash")
    }

    package consuming func hex() -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }

    /// The 32 bytes themselves.
    package consuming func bytes() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let isDone = EVP_DigestFinal_ex(context, &digest, nil)
        precondition(isDone == 1, "OpenSSL gave no digest")
        return digest
    }

    package static func hex(of text: String) -> String {
        var text = text
        return text.withUTF8 { hex(of: UnsafeRawBufferPointer($0)) }
    }

    package static func hex(of bytes: UnsafeRawBufferPointer) -> String {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        return hasher.hex()
    }
}
