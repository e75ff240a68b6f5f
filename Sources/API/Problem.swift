import Datasets
// The only place where an error becomes an HTTP answer: RFC 9457 members for HTTP clients, and
// `error` for the SDKs that read {"error":{"message","type","param","code"}}.
import HTTP
import JSON
import Store
import WorkerProtocol

/// An error as the client sees it.
package struct Problem: Sendable {
    package var status: Int
    package var code: String
    package var message: String
    package var parameter: String?
    package var lines: [APIError.Line] = []
    package var linesOmitted = 0
    package var retryAfterSeconds: Int?

    init(_ status: Int, _ code: String, _ message: String, parameter: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.parameter = parameter
    }

    /// What an error means to the client; an unknown one is `internal` and says nothing more.
    package init(_ error: any Error) {
        switch error {
        case let error as APIError: self.init(error)
        case let error as StoreError: self.init(error)
        case let error as WorkerFailure: self.init(error)
        case let error as HTTPError: self.init(error)
        case let error as ValidationFailure: self.init(error)
        case let error as JSONError:
            self.init(
                400, APIError.Code.invalidJSON.rawValue,
                "the body is not valid JSON: \(error.message)")
        case is CancellationError: self.init(503, "cancelled", "the request was cancelled")
        default: self.init(500, "internal", "the server failed to answer; its log says why")
        }
    }

    private init(_ error: APIError) {
        let status =
            switch error.code {
            case .invalidJSON, .invalidValue, .missing, .unknownField, .notAvailable, .invalidData:
                400
            case .tooLarge: 413
            case .unsupportedMediaType: 415
            case .unauthorized: 401
            case .forbidden: 403
            case .notFound: 404
            case .conflict: 409
            case .overloaded: 429
            case .draining, .notReady: 503
            case .internal: 500
            }
        self.init(status, error.code.rawValue, error.message, parameter: error.parameter)
        lines = error.lines
        if status == 429 { retryAfterSeconds = min(max(error.retryAfterSeconds ?? 1, 1), 120) }
        if status == 503 { retryAfterSeconds = 5 }
    }

    private init(_ error: StoreError) {
        let status =
            switch error.code {
            case "not_found": 404
            case "conflict", "idempotency_running": 409
            case "precondition_failed": 412
            case "idempotency_mismatch": 422
            case "disk_full": 507
            default: 500
            }
        let message =
            status == 500 ? "the store failed; `polytask doctor` checks it" : error.message
        self.init(status, error.code, message)
    }

    private init(_ error: WorkerFailure) {
        let status =
            switch error.code {
            case "invalid_input": 400
            case "overloaded": 429
            case "worker_lost", "draining", "not_ready": 503
            case "timeout": 504
            case "disk_full": 507
            default: 500
            }
        self.init(status, error.code, error.message)
        if status == 429 { retryAfterSeconds = 1 }
        if status == 503 { retryAfterSeconds = 5 }
    }

    private init(_ error: HTTPError) {
        let code =
            switch error.status.code {
            case 400: "bad_request"
            case 404: "not_found"
            case 405: "method_not_allowed"
            case 408: "timeout"
            case 413: "payload_too_large"
            case 415: "unsupported_media_type"
            default: error.status.code < 500 ? "refused" : "internal"
            }
        self.init(error.status.code, code, error.reason)
    }

    private init(_ error: ValidationFailure) {
        let count = error.problems.count + error.more
        self.init(
            400, APIError.Code.invalidData.rawValue,
            "\(count) row\(count == 1 ? " is" : "s are") not valid; nothing was stored")
        lines = error.problems.map {
            APIError.Line(line: $0.line, column: $0.column, message: $0.message)
        }
        linesOmitted = error.more
    }
}
