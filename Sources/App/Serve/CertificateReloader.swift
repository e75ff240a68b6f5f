import Dispatch
import Foundation
import Glibc
import HTTP

/// Reads the certificate files again at each SIGHUP.
final class CertificateReloader: Sendable {
    // Made once and then only cancelled, which any thread may do.
    private nonisolated(unsafe) let source: any DispatchSourceSignal

    init(_ server: Server) {
        signal(SIGHUP, SIG_IGN)
        source = DispatchSource.makeSignalSource(
            signal: SIGHUP, queue: DispatchQueue(label: "polytask.certificates"))
        source.setEventHandler {
            do {
                try server.reloadCertificates()
            } catch {
                let text = "certificates were not reloaded, the old ones stay: \(error)\n"
                FileHandle.standardError.write(Data(text.utf8))
            }
        }
        source.resume()
    }

    func stop() { source.cancel() }
}
