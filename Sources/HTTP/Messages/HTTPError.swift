/// A refusal with its status: what the wire layer and the router throw, and what handlers may.
package struct HTTPError: Error, Sendable, Equatable {
    package var status: Status
    /// For the client: parameter, rule, what to do. Never the client's own bytes.
    package var reason: String

    package init(_ code: Int, _ reason: String) {
        status = Status(code)
        self.reason = reason
    }
}
