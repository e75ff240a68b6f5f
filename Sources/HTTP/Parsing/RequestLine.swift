/// `METHOD SP target SP HTTP/x.y`, one space each (RFC 9112 §3).
struct RequestLine: Sendable, Equatable {
    var method: Method
    var target: RequestTarget
    var isVersion10: Bool

    /// - Parameter line: without its CRLF; control bytes but HTAB have been refused.
    /// - Throws: `HTTPError` 400; 505 for another version; 501 for a method unknown here.
    init(_ line: Bytes) throws(HTTPError) {
        let methodEnd = line.end(of: 0, where: ByteClass.isToken)
        guard methodEnd > 0, methodEnd < line.count, line[methodEnd] == 0x20 else {
            throw Self.malformed
        }
        let targetEnd = line.end(of: methodEnd + 1) { $0 != 0x20 }
        guard targetEnd < line.count else { throw Self.malformed }
        isVersion10 = try Self.parseVersion(Bytes(rebasing: line[(targetEnd + 1)...]))
        guard let method = Self.method(Bytes(rebasing: line[..<methodEnd])) else {
            throw HTTPError(
                501,
                "The method is not one of GET, HEAD, POST, PUT, PATCH, DELETE, "
                    + "OPTIONS (upper case).",
                rejection: .method)
        }
        self.method = method
        target = try RequestTarget(
            Bytes(rebasing: line[(methodEnd + 1)..<targetEnd]), method: method)
    }

    private static func method(_ name: Bytes) -> Method? {
        switch name.count {
        case 3: name.equals("GET") ? .get : name.equals("PUT") ? .put : nil
        case 4: name.equals("POST") ? .post : name.equals("HEAD") ? .head : nil
        case 5: name.equals("PATCH") ? .patch : nil
        case 6: name.equals("DELETE") ? .delete : nil
        case 7: name.equals("OPTIONS") ? .options : nil
        default: nil
        }
    }

    /// Whether it is HTTP/1.0. A higher minor version is treated as 1.1 (RFC 9110 §2.5).
    private static func parseVersion(_ bytes: Bytes) throws(HTTPError) -> Bool {
        guard bytes.count == 8, Bytes(rebasing: bytes[..<5]).equals("HTTP/") else {
            throw malformed
        }
        let (major, dot, minor) = (bytes[5], bytes[6], bytes[7])
        guard ByteClass.isDigit(major), dot == UInt8(ascii: "."), ByteClass.isDigit(minor) else {
            throw malformed
        }
        guard major == UInt8(ascii: "1") else {
            throw HTTPError(
                505, "The version must be HTTP/1.1 or HTTP/1.0.", rejection: .version)
        }
        return minor == UInt8(ascii: "0")
    }

    private static var malformed: HTTPError {
        .malformed(
            "The request line must be a method, a target and HTTP/1.1, "
                + "with one space between them.")
    }
}
