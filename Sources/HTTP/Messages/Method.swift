/// The methods that exist here; every other one is answered 501.
package enum Method: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"

    /// Its place in `allCases`.
    var number: Int {
        switch self {
        case .get: 0
        case .head: 1
        case .post: 2
        case .put: 3
        case .patch: 4
        case .delete: 5
        case .options: 6
        }
    }

    /// Safe methods may run beside each other in a pipeline (RFC 9112 §9.3.2).
    package var isSafe: Bool { self == .get || self == .head || self == .options }
}
