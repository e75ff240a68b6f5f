/// `METHOD SP target SP HTTP/x.y`, one space each (RFC 9112 §3).
struct RequestLine: Sendable, Equatable {
    var method: Method
    var target: RequestTarget
    var isVersion10: Bool

    /// - Parameter line: without its CRLF; control bytes but HTAB have been refused.
    /// - Throws: `HTTPError` 400; 505 for another version; 501 for a method unknown here.
    init(_ line: Bytes) throws(HTTPError) {
        guard let methodEnd = line.firstIndex(of: 0x20), methodEnd > 0,
            let targetEnd = line[(methodEnd + 1)...].firstIndex(of: 0x20)
        else { throw Self.malformed }
        let name = line[..<methodEnd]
        guard name.allSatisfy(ByteClass.isToken) else { throw Self.malformed }
        isVersion10 = try Self.parseVersion(line[(targetEnd + 1)...])
        guard let method = Self.method(name) else {
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

    private static func method(_ name: Slice<Bytes>) -> Method? {
        switch name.count {
        case 3: name.elementsEqual("GET".utf8) ? .get : name.elementsEqual("PUT".utf8) ? .put : nil
        case 4:
            name.elementsEqual("POST".utf8) ? .post : name.elementsEqual("HEAD".utf8) ? .head : nil
        case 5: name.elementsEqual("PATCH".utf8) ? .patch : nil
        case 6: name.elementsEqual("DELETE".utf8) ? .delete : nil
        case 7: name.elementsEqual("OPTIONS".utf8) ? .options : nil
        default: nil
        }
    }

    /// Whether it is HTTP/1.0. A higher minor version is treated as 1.1 (RFC 9110 §2.5).
    private static func parseVersion(_ bytes: Slice<Bytes>) throws(HTTPError) -> Bool {
        guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8) else { throw malformed }
        let start = bytes.startIndex
        let (major, dot, minor) = (bytes[start + 5], bytes[start + 6], bytes[start + 7])
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
