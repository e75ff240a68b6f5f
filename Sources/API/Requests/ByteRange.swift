import HTTP

/// The part of a representation that a request asks for (RFC 9110, section 14).
enum ByteRange {
    /// - Returns: the bytes to send; nil for all of them: no range, one in other units or of several
    ///   parts, which may be ignored, or one that `If-Range` says is of another version.
    /// - Throws: `HTTPError` 416 when the range begins beyond the end.
    static func of(_ request: Request, total: Int, tag: String) throws -> Range<Int>? {
        guard request.method == .get, let field = request.fields["Range"] else { return nil }
        if let condition = request.fields["If-Range"], condition != tag { return nil }
        guard field.hasPrefix("bytes="), !field.contains(",") else { return nil }
        let parts = field.dropFirst(6).split(
            separator: "-", maxSplits: 1, omittingEmptySubsequences: false
        ).map(String.init)
        guard parts.count == 2 else { return nil }
        let unsatisfiable = HTTPError(416, "The range must begin before byte \(total).")
        if parts[0].isEmpty {
            guard let suffix = QueryReader.decimal(parts[1]) else { return nil }
            guard suffix > 0, total > 0 else { throw unsatisfiable }
            return max(0, total - suffix)..<total
        }
        guard let first = QueryReader.decimal(parts[0]) else { return nil }
        let last = QueryReader.decimal(parts[1])
        guard parts[1].isEmpty || last != nil, first <= last ?? first else { return nil }
        guard first < total else { throw unsatisfiable }
        return first..<min((last ?? total - 1) + 1, total)
    }
}
