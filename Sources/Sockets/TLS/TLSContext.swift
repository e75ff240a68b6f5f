// Certificates and the rules of every handshake: TLS 1.2 and 1.3, AEAD ciphers only, no
// renegotiation, no early data. Which protocol is spoken inside is the caller's to say.
internal import COpenSSL

/// Makes the TLS side of accepted connections. May be used from any thread.
package final class TLSContext: Sendable {
    private struct Handle: @unchecked Sendable {
        // @unchecked because a context is not changed once it is made, and OpenSSL counts its
        // references atomically.
        let pointer: OpaquePointer
    }
    private let files: TLSFiles
    private let applicationProtocol: StaticString
    private let current: Guarded<Handle>

    /// Reads the files. SIGPIPE is ignored from now on.
    ///
    /// - Parameter applicationProtocol: what a client may ask for by ALPN (RFC 7301), if it asks.
    /// - Throws: `SocketError` that names the file and what is wrong with it.
    package init(_ files: TLSFiles, applicationProtocol: StaticString) throws(SocketError) {
        SystemCalls.ignoreBrokenPipes()
        self.files = files
        self.applicationProtocol = applicationProtocol
        current = Guarded(Handle(pointer: try Self.make(files, applicationProtocol)))
    }

    deinit { SSL_CTX_free(current.withLock { $0.pointer }) }

    /// Reads the files again. New connections get what they say now, open ones live on. When the
    /// files are wrong, everything stays as it was.
    package func reload() throws(SocketError) {
        let fresh = Handle(pointer: try Self.make(files, applicationProtocol))
        let old = current.withLock { handle in
            defer { handle = fresh }
            return handle
        }
        SSL_CTX_free(old.pointer)
    }

    /// The server's side of a connection; nil when memory is short.
    package func accept(_ descriptor: Int32) -> TLSSession? {
        let session = current.withLock { SSL_new($0.pointer) }
        guard let session else { return nil }
        SSL_set_accept_state(session)
        guard SSL_set_fd(session, descriptor) == 1 else {
            SSL_free(session)
            return nil
        }
        return TLSSession(session)
    }

    // MARK: Making

    private static func make(
        _ files: TLSFiles, _ applicationProtocol: StaticString
    ) throws(SocketError) -> OpaquePointer {
        ERR_clear_error()
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw SocketError(.tlsUnavailable, "OpenSSL made no context: memory is short.")
        }
        do throws(SocketError) {
            try configure(context, files, applicationProtocol)
        } catch {
            SSL_CTX_free(context)
            throw error
        }
        return context
    }

    private static func configure(
        _ context: OpaquePointer, _ files: TLSFiles, _ applicationProtocol: StaticString
    ) throws(SocketError) {
        tls_set_strict(context)
        tls_set_modes(context)
        // TLS 1.3 has AEAD suites only.
        guard SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 else {
            throw SocketError(.tlsUnavailable, "OpenSSL has none of the ciphers needed here.")
        }
        guard SSL_CTX_use_certificate_chain_file(context, files.certificate) == 1 else {
            throw .tlsFile(files.certificate, "a PEM certificate chain that can be read")
        }
        guard SSL_CTX_use_PrivateKey_file(context, files.key, SSL_FILETYPE_PEM) == 1 else {
            throw .tlsFile(files.key, "a PEM private key that can be read, and the certificate's")
        }
        guard SSL_CTX_check_private_key(context) == 1 else {
            throw .tlsFile(files.key, "the private key of \(files.certificate)")
        }
        let name = applicationProtocol.utf8Start
        _ = SSL_CTX_set_session_id_context(
            context, name, UInt32(applicationProtocol.utf8CodeUnitCount))
        SSL_CTX_set_alpn_select_cb(
            context, selectProtocol, UnsafeMutableRawPointer(mutating: name))
        guard let authorities = files.clientAuthorities else { return }
        guard SSL_CTX_load_verify_locations(context, authorities, nil) == 1,
            let names = SSL_load_client_CA_file(authorities)
        else { throw .tlsFile(authorities, "PEM certificates that can be read") }
        SSL_CTX_set_client_CA_list(context, names)
        // Asked for, not demanded: the routes say who needs one.
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    }
}

/// The PEM files of a server.
package struct TLSFiles: Sendable {
    /// The chain, the server's own certificate first.
    package var certificate: String
    package var key: String
    /// Who may sign clients' certificates; nil asks for none.
    package var clientAuthorities: String?

    package init(certificate: String, key: String, clientAuthorities: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.clientAuthorities = clientAuthorities
    }
}

extension SocketError {
    fileprivate static func tlsFile(_ path: String, _ rule: String) -> SocketError {
        SocketError(.tlsFileInvalid, "\(path) must be \(rule): check the file and its mode.")
    }
}

/// The one protocol when the client offers it; else the handshake ends with an alert
/// (RFC 7301 §3.2). `wanted` is its name as a C string.
private func selectProtocol(
    _: OpaquePointer?, chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    length: UnsafeMutablePointer<UInt8>?, offered: UnsafePointer<UInt8>?, offeredBytes: UInt32,
    wanted: UnsafeMutableRawPointer?
) -> Int32 {
    guard let chosen, let length, let offered, let wanted else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    let name = String(cString: wanted.assumingMemoryBound(to: UInt8.self))
    let names = UnsafeBufferPointer(start: offered, count: Int(offeredBytes))
    var index = 0
    while index < names.count {
        let end = index + 1 + Int(names[index])
        guard end <= names.count else { break }
        if names[(index + 1)..<end].elementsEqual(name.utf8) {
            chosen.pointee = offered + index + 1
            length.pointee = names[index]
            return SSL_TLSEXT_ERR_OK
        }
        index = end
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
