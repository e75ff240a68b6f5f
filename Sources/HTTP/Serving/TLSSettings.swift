internal import Sockets

/// The files that make a server speak TLS.
package struct TLSSettings: Sendable {
    /// PEM, the server's own certificate first.
    package var certificateFile: String
    /// PEM.
    package var keyFile: String
    /// PEM: who may sign clients' certificates. Nil asks clients for none; otherwise they may
    /// still come without, and `Request.clientCertificate` says which did.
    package var clientAuthoritiesFile: String?

    package init(
        certificateFile: String, keyFile: String, clientAuthoritiesFile: String? = nil
    ) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientAuthoritiesFile = clientAuthoritiesFile
    }

    var files: TLSFiles {
        TLSFiles(
            certificate: certificateFile, key: keyFile,
            clientAuthorities: clientAuthoritiesFile)
    }
}
