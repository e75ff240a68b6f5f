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

    static var exceeded: HTTPError {
        HTTPError(431, "The header fields are too many or too long.")
    }
}
