internal import COpenSSL

extension TLSSession {
    /// The client's side: TLS 1.2 or 1.3 with a server whose certificate is of `host` and of one
    /// of the system's authorities. Waits for the handshake.
    /// - Throws: `SocketError`.
    convenience init(connecting descriptor: Int32, to host: String) throws(SocketError) {
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_client_method()) else {
            throw SocketError(.tlsUnavailable, "OpenSSL made no context: memory is short.")
        }
        // A session keeps its context alive.
        defer { SSL_CTX_free(context) }
        tls_set_strict(context)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        guard SSL_CTX_set_default_verify_paths(context) == 1, let session = SSL_new(context)
        else {
            throw SocketError(.tlsUnavailable, "the system's certificate authorities are missing")
        }
        self.init(session)
        guard tls_expect_host(session, host) == 1, SSL_set_fd(session, descriptor) == 1,
            SSL_connect(session) == 1
        else {
            let verdict = SSL_get_verify_result(session)
            let reason =
                verdict == X509_V_OK
                ? "" : ": \(String(cString: X509_verify_cert_error_string(verdict)))"
            throw SocketError(.connectionFailed, "the TLS handshake failed\(reason)")
        }
    }
}
