/// The methods that exist here; every other one is answered 501.
package enum Method: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"

    /// Safe methods may run beside each other in a pipeline (RFC 9112 §9.3.2).
    package var isSafe: Bool { self == .get || self == .head || self == .options }
}
