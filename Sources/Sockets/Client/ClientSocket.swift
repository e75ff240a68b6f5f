// The client's end of a connection, in the clear or over TLS with the system's certificate
// authorities. It waits, so it belongs on a thread that may; it knows no HTTP.
internal import COpenSSL
internal import Glibc

/// A connection to a server. Confined to one thread at a time.
package final class ClientSocket {
    private let descriptor: Int32
    private var session: OpaquePointer?

    /// Connects to the first of the host's addresses that answers, each read and write of which
    /// may take `seconds`.
    /// - Throws: `SocketError`.
    package init(host: String, port: UInt16, isSecure: Bool, seconds: Int) throws(SocketError) {
        signal(SIGPIPE, SIG_IGN)
        descriptor = try Self.connect(host, port, seconds)
        guard isSecure else { return }
        session = try Self.handshake(host, descriptor)
    }

    deinit {
        if let session { SSL_free(session) }
        SystemCalls.close(descriptor)
    }

    package func send(_ bytes: [UInt8]) throws(SocketError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBufferPointer { buffer -> Int in
                let rest = UnsafeBufferPointer(rebasing: buffer[sent...])
                if let session {
                    ERR_clear_error()
                    return Int(SSL_write(session, rest.baseAddress, Int32(rest.count)))
                }
                if case .bytes(let count) = SystemCalls.send(descriptor, rest) { return count }
                return -1
            }
            guard count > 0 else { throw failure("sending") }
            sent += count
        }
    }

    /// Some bytes, at most `countMax`; none at the end. Over TLS the end must be announced, so that
    /// nobody in between can cut an answer.
    package func receive(countMax: Int) throws(SocketError) -> [UInt8] {
        var outcome = Transfer.end
        let bytes = [UInt8](unsafeUninitializedCapacity: countMax) { buffer, count in
            if let session {
                ERR_clear_error()
                let taken = SSL_read(session, buffer.baseAddress, Int32(buffer.count))
                if taken > 0 {
                    outcome = .bytes(Int(taken))
                } else if SSL_get_error(session, taken) != SSL_ERROR_ZERO_RETURN {
                    outcome = .failed(errno)
                }
            } else {
                outcome = SystemCalls.receive(descriptor, buffer)
            }
            if case .bytes(let taken) = outcome { count = taken }
        }
        switch outcome {
        case .bytes, .end: return bytes
        case .wouldBlock, .cutOff, .failed: throw failure("receiving")
        }
    }

    private func failure(_ doing: String) -> SocketError {
        let code = errno
        guard code != EAGAIN else {
            return SocketError(.timedOut, "the server did not answer in time while \(doing)")
        }
        return SocketError(
            .connectionFailed, "the connection broke while \(doing)", systemCode: code)
    }

    private static func connect(
        _ host: String, _ port: UInt16, _ seconds: Int
    ) throws(SocketError) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &list) == 0 else {
            throw SocketError(.addressUnavailable, "the host has no address; check its name")
        }
        defer { freeaddrinfo(list) }
        var code: Int32 = 0
        var next = list
        while let address = next?.pointee {
            next = address.ai_next
            let descriptor = socket(
                address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue),
                address.ai_protocol)
            guard descriptor >= 0 else { continue }
            var limit = timeval(tv_sec: seconds, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(
                    descriptor, SOL_SOCKET, option, &limit,
                    socklen_t(MemoryLayout<timeval>.size))
            }
            if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 {
                return descriptor
            }
            code = errno
            SystemCalls.close(descriptor)
        }
        throw SocketError(
            .connectionFailed, "the host cannot be reached: \(String(cString: strerror(code)))",
            systemCode: code)
    }

    private static func handshake(
        _ host: String, _ descriptor: Int32
    ) throws(SocketError) -> OpaquePointer {
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
        guard tls_expect_host(session, host) == 1, SSL_set_fd(session, descriptor) == 1,
            SSL_connect(session) == 1
        else {
            let verdict = SSL_get_verify_result(session)
            SSL_free(session)
            let reason =
                verdict == X509_V_OK
                ? "" : ": \(String(cString: X509_verify_cert_error_string(verdict)))"
            throw SocketError(.connectionFailed, "the TLS handshake failed\(reason)")
        }
        return session
    }
}
