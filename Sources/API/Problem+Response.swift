package import HTTP
package import JSON

extension Problem {
    /// The kind of error in the words of the SDKs.
    var type: String {
        switch status {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 429: "rate_limit_error"
        case 400..<500: "invalid_request_error"
        default: "server_error"
        }
    }

    /// `{message, type, param, code}`: the `error` member of a body and of a broken stream.
    package var error: JSON {
        .object([
            "message": .string(shortMessage), "type": .string(type),
            "param": parameter.map { .string(String($0.prefix(200))) } ?? .null,
            "code": .string(code),
        ])
    }

    /// The answer; at most `limits.problemBytesMax`, a report of lines `limits.reportBytesMax`.
    package func response(requestID: String, limits: APILimits = APILimits()) -> Response {
        var object: JSONObject = [
            "type": .string("about:blank"), "title": .string(title),
            "status": .integer(Int64(status)), "detail": .string(shortMessage),
            "request_id": .string(requestID), "error": error,
        ]
        if !lines.isEmpty {
            let report = report(bytesMax: limits.reportBytesMax - limits.problemBytesMax)
            object["errors"] = .array(report.entries)
            object["errors_omitted"] = .integer(Int64(report.omitted + linesOmitted))
        }
        var fields = Fields()
        fields["Content-Type"] = "application/problem+json"
        if status == 401 { fields["WWW-Authenticate"] = "Bearer realm=\"polytask\"" }
        if status == 409 { fields["X-Should-Retry"] = "false" }
        if let retryAfterSeconds { fields["Retry-After"] = String(retryAfterSeconds) }
        return Response(status, fields, body: .bytes(JSON.object(object).bytes()))
    }

    private var shortMessage: String {
        message.utf8.count <= 1000 ? message : String(message.prefix(300)) + "…"
    }

    private func report(bytesMax: Int) -> (entries: [JSON], omitted: Int) {
        var entries: [JSON] = []
        var size = 0
        for line in lines {
            let entry = JSON.object([
                "line": .integer(Int64(line.line)),
                "column": line.column.map { .string(String($0.prefix(100))) } ?? .null,
                "message": .string(String(line.message.prefix(300))),
            ])
            size += entry.bytes().count + 1
            if size > bytesMax { break }
            entries.append(entry)
        }
        return (entries, lines.count - entries.count)
    }

    private var title: String {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 507: "Insufficient Storage"
        case 500...: "Internal Server Error"
        default: "Error"
        }
    }
}
