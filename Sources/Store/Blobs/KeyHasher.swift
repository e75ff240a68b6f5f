import COpenSSL
import Synchronization

/// SHA-256 of keys, at every request. Keeps OpenSSL's context, whose making costs more than such a
/// hash. Any thread.
package final class KeyHasher: Sendable {
    private struct Context: ~Copyable {
        let pointer = EVP_MD_CTX_new()

        init() {
            let isReady = EVP_DigestInit_ex(pointer, EVP_sha256(), nil)
            precondition(isReady == 1, "OpenSSL offers no SHA-256")
        }

        deinit { EVP_MD_CTX_free(pointer) }

        func digest(of key: String) -> [UInt8] {
            var key = key
            return key.withUTF8 { digest(of: $0) }
        }

        private func digest(of bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
            [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
                // No algorithm: the context keeps its own.
                let isDone =
                    EVP_DigestInit_ex(pointer, nil, nil) == 1
                    && EVP_DigestUpdate(pointer, bytes.baseAddress, bytes.count) == 1
                    && EVP_DigestFinal_ex(pointer, digest.baseAddress, nil) == 1
                precondition(isDone, "OpenSSL gave no digest")
                count = 32
            }
        }
    }

    private let context = Mutex(Context())

    package init() {}

    /// The 32 bytes.
    package func digest(of key: String) -> [UInt8] { context.withLock { $0.digest(of: key) } }
}
