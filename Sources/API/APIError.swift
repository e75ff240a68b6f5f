/// Why a request was refused, before it becomes an answer (`Problem` decides the status).
///
/// The message names the parameter, the rule and the value found: numbers, lengths and
/// identifiers, never the text of a row, a prompt or a header.
package struct APIError: Error, Sendable, Equatable {
    package enum Code: String, Sendable {
        case invalidJSON = "invalid_json"
        case invalidValue = "invalid_value"
        case missing = "missing"
        case unknownField = "unknown_field"
        case notAvailable = "not_available"
        case invalidData = "invalid_data"
        case unsupportedMediaType = "unsupported_media_type"
        case tooLarge = "payload_too_large"
        case unauthorized = "unauthorized"
        case forbidden = "forbidden"
        case notFound = "not_found"
        case conflict = "conflict"
        case overloaded = "overloaded"
        case draining = "draining"
        case notReady = "not_ready"
        case `internal` = "internal"
    }

    /// A fault of an uploaded row: its physical line, its column, what is wrong with it.
    package struct Line: Sendable, Equatable {
        package var line: Int
        package var column: String?
        package var message: String

        package init(line: Int, column: String?, message: String) {
            self.line = line
            self.column = column
            self.message = message
        }
    }

    package var code: Code
    package var message: String
    /// The field, query parameter or header at fault.
    package var parameter: String?
    package var lines: [Line]
    /// When to try again, of an overload; nil: soon.
    package var retryAfterSeconds: Int?

    package init(
        _ code: Code, _ message: String, parameter: String? = nil, lines: [Line] = [],
        retryAfterSeconds: Int? = nil
    ) {
        self.retryAfterSeconds = retryAfterSeconds
        self.code = code
        self.message = message
        self.parameter = parameter
        self.lines = lines
    }
}

extension APIError {
    static func invalid(_ parameter: String, _ rule: String) -> APIError {
        APIError(.invalidValue, "`\(parameter)` \(rule)", parameter: parameter)
    }

    static func missing(_ parameter: String, _ what: String) -> APIError {
        APIError(.missing, "`\(parameter)` is missing: give \(what)", parameter: parameter)
    }

    static func notAvailable(_ parameter: String, _ supported: String) -> APIError {
        APIError(
            .notAvailable,
            "`\(parameter)` is not available in this version: \(supported)", parameter: parameter)
    }

    static func notFound(_ what: String, _ id: String) -> APIError {
        let name = Identifier.isValid(id) ? " `\(id)`" : ""
        return APIError(.notFound, "there is no \(what)\(name)", parameter: "id")
    }
}
