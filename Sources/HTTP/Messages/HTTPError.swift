/// A refusal with its status: what the wire layer and the router throw, and what handlers may.
package struct HTTPError: Error, Sendable, Equatable {
    package var status: Status
    /// For the client: parameter, rule, what to do. Never the client's own bytes.
    package var reason: String
    /// What the server counts when this becomes an answer; nil counts nothing.
    package var rejection: Rejection?

    package init(_ code: Int, _ reason: String, rejection: Rejection? = nil) {
        status = Status(code)
        self.reason = reason
        self.rejection = rejection
    }

    /// What two readers could read differently, or nobody can read: 400.
    static func malformed(_ reason: String) -> HTTPError {
        HTTPError(400, reason, rejection: .malformed)
    }
}
