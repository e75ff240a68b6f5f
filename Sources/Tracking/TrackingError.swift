internal import Glibc

/// Metrics that could not be passed on.
package struct TrackingError: Error, Equatable, CustomStringConvertible {
    /// `file`, `unreachable`, `refused`.
    package var code: String
    package var message: String

    package var description: String { message }

    static func file(_ path: String, _ code: Int32) -> TrackingError {
        TrackingError(
            code: "file",
            message: "cannot write \(path): \(String(cString: strerror(code))); metrics are "
                + "written there once it can be")
    }
}
