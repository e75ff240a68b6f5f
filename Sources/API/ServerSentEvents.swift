import HTTP
import JSON

/// The wire form of server-sent events (WHATWG HTML, section 9.2).
enum ServerSentEvents {
    /// A line that clients ignore and that keeps proxies from closing.
    static let ping = Array(": ping\n\n".utf8)
    static let done = Array("data: [DONE]\n\n".utf8)

    static var fields: Fields {
        var fields = Fields()
        fields["Content-Type"] = "text/event-stream; charset=utf-8"
        fields["Cache-Control"] = "no-store"
        fields["X-Accel-Buffering"] = "no"
        return fields
    }

    /// One event; JSON has no raw newlines, so that `data` is one line.
    static func event(_ data: JSON, id: Int64? = nil, name: String? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        if let id { bytes.append(contentsOf: "id: \(id)\n".utf8) }
        if let name { bytes.append(contentsOf: "event: \(name)\n".utf8) }
        bytes.append(contentsOf: "data: ".utf8)
        data.append(to: &bytes)
        bytes.append(contentsOf: "\n\n".utf8)
        return bytes
    }
}
