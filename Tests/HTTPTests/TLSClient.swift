internal import COpenSSL
import TestSupport

/// OpenSSL's side of a client, over memory, so that a test says how the bytes travel.
final class TLSClient {
    struct Failure: Error { let message: String }

    struct Settings: Sendable {
        var version: Int32?
        /// In the wire's form: each name behind its length.
        var protocols: [UInt8]?
        /// Bytes a write.
        var pieceBytes = Int.max
        var certificate: TLSFolder?
    }

    let raw: RawConnection
    private let settings: Settings
    private let context: OpaquePointer
    private let session: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    init(port: UInt16, _ settings: Settings = Settings()) throws {
        raw = try RawConnection(port: port)
        self.settings = settings
        guard let context = SSL_CTX_new(TLS_client_method()),
            let session = SSL_new(context), let input = BIO_new(BIO_s_mem()),
            let output = BIO_new(BIO_s_mem())
        else { throw Failure(message: "memory") }
        self.context = context
        self.session = session
        self.input = input
        self.output = output
        SSL_set_bio(session, input, output)
        SSL_set_connect_state(session)
        if let version = settings.version {
            SSL_set_security_level(session, 0)
            _ = SSL_ctrl(session, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(version), nil)
            _ = SSL_ctrl(session, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(version), nil)
        }
        if let protocols = settings.protocols {
            _ = SSL_set_alpn_protos(session, protocols, UInt32(protocols.count))
        }
        if let folder = settings.certificate {
            _ = SSL_use_certificate_file(session, folder.certificate, SSL_FILETYPE_PEM)
            _ = SSL_use_PrivateKey_file(session, folder.key, SSL_FILETYPE_PEM)
        }
    }

    deinit {
        SSL_free(session)
        SSL_CTX_free(context)
    }

    var version: String { String(cString: SSL_get_version(session)) }
    var cipher: String { String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(session))) }
    /// Whether the server said close_notify.
    var wasClosed: Bool { SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0 }

    var chosenProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(session, &name, &length)
        return name.map {
            String(decoding: UnsafeBufferPointer(start: $0, count: Int(length)), as: UTF8.self)
        }
    }

    /// The serial number of the server's certificate.
    var serverSerial: Int {
        guard let certificate = SSL_get1_peer_certificate(session) else { return -1 }
        defer { X509_free(certificate) }
        return ASN1_INTEGER_get(X509_get0_serialNumber(certificate))
    }

    func handshake() throws {
        while true {
            let result = SSL_do_handshake(session)
            if result == 1 { return try flush() }
            try progress(result)
        }
    }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                SSL_write(session, $0.baseAddress, Int32($0.count))
            }
            if count > 0 { sent += Int(count) } else { try progress(count) }
        }
        try flush()
    }

    /// Everything up to close_notify.
    func receiveAll() throws -> String {
        var all: [UInt8] = []
        while let bytes = try receive() { all += bytes }
        return String(decoding: all, as: UTF8.self)
    }

    func receive(until end: String) throws -> String {
        var all = ""
        while !all.contains(end), let bytes = try receive() {
            all += String(decoding: bytes, as: UTF8.self)
        }
        return all
    }

    private func receive() throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = SSL_read(session, &buffer, Int32(buffer.count))
            if count > 0 { return Array(buffer[..<Int(count)]) }
            if wasClosed { return nil }
            try progress(count)
        }
    }

    func renegotiate() throws {
        _ = SSL_renegotiate(session)
        try handshake()
    }

    /// The bytes of a first flight, for the test to send.
    func greeting() -> [UInt8] {
        _ = SSL_do_handshake(session)
        return takeOutput()
    }

    private func takeOutput() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = BIO_read(output, &buffer, Int32(buffer.count))
            if count <= 0 { return bytes }
            bytes += buffer[..<Int(count)]
        }
    }

    private func flush() throws {
        var rest = takeOutput()[...]
        while !rest.isEmpty {
            let piece = rest.prefix(settings.pieceBytes)
            try raw.send(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
    }

    private func progress(_ result: Int32) throws {
        guard SSL_get_error(session, result) == SSL_ERROR_WANT_READ else {
            try? flush()
            throw Failure(message: "alert \(reason())")
        }
        try flush()
        let bytes = try raw.receive()
        if bytes.isEmpty { throw Failure(message: "ended") }
        _ = BIO_write(input, bytes, Int32(bytes.count))
    }

    private func reason() -> String {
        guard let text = ERR_reason_error_string(ERR_get_error()) else { return "unknown" }
        return String(cString: text)
    }
}
