internal import Foundation
import TestSupport

@testable import HTTP

/// A fresh key and self-signed certificate.
struct TLSFolder: Sendable {
    let folder: TemporaryFolder
    var certificate: String { folder.path + "/certificate.pem" }
    var key: String { folder.path + "/key.pem" }
    var settings: TLSSettings { TLSSettings(certificateFile: certificate, keyFile: key) }

    /// Blocks: use it on a thread.
    init(serial: Int = 1) throws {
        folder = try TemporaryFolder()
        try make(serial: serial)
    }

    /// Writes other ones in their place.
    func make(serial: Int) throws {
        let openssl = Process()
        openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", certificate, "-days",
            "2", "-subj", "/CN=localhost", "-set_serial", String(serial),
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
    }
}
