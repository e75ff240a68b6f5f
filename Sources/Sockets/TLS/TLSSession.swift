internal import COpenSSL

/// TLS on one non-blocking socket. Confined to its reactor's thread. Does not own the descriptor.
///
/// There is no step for the handshake: reading drives it.
package final class TLSSession {
    private let session: OpaquePointer
    private var hasFailed = false
    private var hasSaidClose = false
    /// Reading cannot go on before the socket takes more output.
    package private(set) var readWaitsForWrite = false
    /// Whether the handshake is complete.
    package private(set) var isEstablished = false

    init(_ session: OpaquePointer) { self.session = session }

    deinit { SSL_free(session) }

    /// Decrypted bytes. `.end` after the peer's close_notify, `.cutOff` after a FIN without one.
    package func receive(_ buffer: UnsafeMutableBufferPointer<UInt8>) -> Transfer {
        guard !hasFailed else { return .failed(0) }
        ERR_clear_error()
        let count = SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count))
        readWaitsForWrite = false
        if !isEstablished { isEstablished = SSL_is_init_finished(session) == 1 }
        if count > 0 { return .bytes(Int(count)) }
        let outcome = outcome(count)
        if outcome == .wouldBlock, SSL_want(session) == SSL_WRITING { readWaitsForWrite = true }
        return outcome
    }

    /// Encrypts and sends some of the bytes.
    package func send(_ buffer: UnsafeBufferPointer<UInt8>) -> Transfer {
        guard !hasFailed else { return .failed(0) }
        ERR_clear_error()
        let count = SSL_write(session, buffer.baseAddress, Int32(clamping: buffer.count))
        return count > 0 ? .bytes(Int(count)) : outcome(count)
    }

    /// Sends close_notify, as far as the socket takes it.
    package func sayClose() {
        // After a fatal error OpenSSL must not be asked (SSL_shutdown(3)).
        guard isEstablished, !hasFailed, !hasSaidClose else { return }
        hasSaidClose = true
        ERR_clear_error()
        _ = SSL_shutdown(session)
    }

    /// SHA-256 of the client's certificate in lower-case hex; nil without a verified one.
    package var clientCertificate: String? {
        guard SSL_get_verify_result(session) == X509_V_OK,
            let certificate = SSL_get1_peer_certificate(session)
        else { return nil }
        defer { X509_free(certificate) }
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 32
        guard X509_digest(certificate, EVP_sha256(), &digest, &length) == 1 else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }

    private func outcome(_ count: Int32) -> Transfer {
        switch SSL_get_error(session, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wouldBlock
        case SSL_ERROR_ZERO_RETURN: return .end
        default:
            hasFailed = true
            return isEstablished && tls_was_cut_off() != 0 ? .cutOff : .failed(0)
        }
    }
}
