/// A request path cut at its slashes. Literal segments are compared as they were sent; only a
/// parameter is decoded, so that no encoding reaches a route by a second name.
struct PathSegments: Sendable {
    let segments: [Substring]

    /// - Throws: `HTTPError` 400 for dot segments, broken percent-encoding and encoded slashes,
    ///   backslashes or control bytes; 404 for empty segments and `;`.
    init(_ path: String) throws(HTTPError) {
        guard path.utf8.first == UInt8(ascii: "/") else { throw Self.notFound }
        let rest = path.dropFirst()
        segments =
            rest.isEmpty
            ? []
            : rest.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
                .map { Substring($0) }
        for segment in segments { _ = try Self.decode(segment) }
    }

    /// The text of one segment.
    static func decode(_ segment: Substring) throws(HTTPError) -> String {
        if segment.isEmpty || segment.utf8.contains(UInt8(ascii: ";")) { throw notFound }
        if segment.utf8.allSatisfy(ByteClass.isUnreserved), segment != ".", segment != ".." {
            return String(segment)
        }
        guard let text = PercentDecoding.decode(segment.utf8, plusIsSpace: false),
            text != ".", text != "..", text.utf8.allSatisfy(isAllowed)
        else {
            throw HTTPError(
                400,
                "The path must be percent-encoded UTF-8 without dot segments, "
                    + "encoded slashes, backslashes or control bytes.")
        }
        return text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F && byte != UInt8(ascii: "/") && byte != UInt8(ascii: "\\")
    }

    static var notFound: HTTPError { HTTPError(404, "There is nothing at this path.") }
}
