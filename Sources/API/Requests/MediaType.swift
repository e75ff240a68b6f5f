import HTTP

/// What a body is, by its Content-Type.
enum MediaType {
    /// The type without parameters, in lower case; nil when there is none.
    ///
    /// A form's type counts as none, since `curl -d` sends it unasked, unless a browser sent the
    /// request (it names its origin): there, an absent or a form's type is refused, so that no
    /// foreign page can post without a preflight.
    /// - Throws: `APIError` for such a request and for a charset other than UTF-8.
    static func essence(_ request: Request, expected: String) throws -> String? {
        let field = request.fields["Content-Type"] ?? ""
        let parts = field.split(separator: ";", omittingEmptySubsequences: false).map(trimmed)
        let type = parts.first ?? ""
        for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
            let charset = parameter.dropFirst("charset=".count).filter { $0 != "\"" }
            guard charset == "utf-8" || charset == "us-ascii" else {
                throw unsupported("the charset of Content-Type must be utf-8")
            }
        }
        guard type.isEmpty || type == "application/x-www-form-urlencoded" else { return type }
        let isBrowser =
            request.fields["Origin"] != nil || request.fields["Sec-Fetch-Site"] != nil
        guard !isBrowser else { throw unsupported("send Content-Type: \(expected)") }
        return nil
    }

    static func unsupported(_ message: String) -> APIError {
        APIError(.unsupportedMediaType, message, parameter: "Content-Type")
    }

    private static func trimmed(_ text: Substring) -> String {
        let bytes = text.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        let kept = bytes.drop { $0 == 0x20 || $0 == 0x09 }
        let end = kept.lastIndex { $0 != 0x20 && $0 != 0x09 }
        return end.map { String(decoding: kept[...$0], as: UTF8.self) } ?? ""
    }
}
