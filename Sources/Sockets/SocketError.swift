/// What went wrong at a socket or the event loop, in words for the operator.
package struct SocketError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case addressInvalid = "address_invalid"
        case addressInUse = "address_in_use"
        case addressUnavailable = "address_unavailable"
        case permissionDenied = "permission_denied"
        case tlsFileInvalid = "tls_file_invalid"
        case tlsUnavailable = "tls_unavailable"
        case connectionFailed = "connection_failed"
        case timedOut = "timed_out"
        case systemCallFailed = "system_call_failed"
    }
    package var code: Code
    /// Names the parameter, the rule and what to do.
    package var message: String
    /// The `errno` behind it; 0 when there is none.
    package var systemCode: Int32

    package init(_ code: Code, _ message: String, systemCode: Int32 = 0) {
        self.code = code
        self.message = message
        self.systemCode = systemCode
    }

    package var description: String { message }
}
