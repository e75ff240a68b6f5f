/// What is left of the header limits; one budget for a request's fields and its trailers.
struct FieldBudget: Sendable {
    private let fieldBytesMax: Int
    private var bytesLeft: Int
    private var linesLeft: Int

    init(_ limits: ParserLimits) {
        fieldBytesMax = limits.fieldBytesMax
        bytesLeft = limits.headerBytesMax
        linesLeft = limits.fieldCountMax
    }

    /// The longest next line that is within every limit.
    var lineBytesMax: Int { max(0, min(fieldBytesMax, bytesLeft - 2)) }

    /// Counts one line; false when there is one too many.
    mutating func take(_ length: Int) -> Bool {
        bytesLeft -= length + 2
        linesLeft -= 1
        return linesLeft >= 0
    }

    /// The next line is longer than `lineBytesMax`.
    var lineTooLong: HTTPError {
        if fieldBytesMax <= bytesLeft - 2 {
            return HTTPError(
                431, "A header field must have at most \(fieldBytesMax) bytes.",
                rejection: .fieldBytes)
        }
        return HTTPError(
            431, "The header fields together are too long; send fewer or shorter ones.",
            rejection: .headerBytes)
    }

    static var tooMany: HTTPError {
        HTTPError(431, "The header fields are too many.", rejection: .fieldCount)
    }
}
