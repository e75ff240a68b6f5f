/// A step that cuts normalised text into the pieces that the model sees one at a time.
protocol PreTokenizer: Sendable {
    func split(_ cut: inout Cutting)
    /// Whether the step asks where pieces came from.
    var needsOrigins: Bool { get }
    /// Whether pieces differ from the text that they were cut from.
    var rewritesText: Bool { get }
}

extension PreTokenizer {
    var needsOrigins: Bool { false }
    var rewritesText: Bool { false }
}

/// A text and its pieces on the way through the steps. Pieces are in order; text between them is
/// dropped; none is empty.
struct Cutting: ~Copyable {
    var text = AlignedText()
    var pieces = Run<Match>()
    /// Where a segment that was not normalised begins in the original.
    var segmentBegin = 0

    private var spareText = AlignedText()
    private var sparePieces = Run<Match>()
    private var matches = Run<Match>()

    /// What becomes of a delimiter.
    enum Behavior: String {
        case removed = "Removed"
        case isolated = "Isolated"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    /// Where piece `index` begins in the original text.
    func origin(of index: Int) -> Int {
        let begin = Int(pieces[index].begin)
        return text.isTracked ? Int(text.spans[begin].begin) : segmentBegin + begin
    }

    /// Replaces every piece by what `body` appends for it.
    mutating func replacePieces(
        _ body: (borrowing AlignedText, Match, inout Run<Match>) -> Void
    ) {
        sparePieces.removeAll()
        for index in 0..<pieces.count { body(text, pieces[index], &sparePieces) }
        swap(&pieces, &sparePieces)
    }

    /// Rewrites every piece: `body` appends the new text of piece `index`.
    mutating func rewritePieces(
        _ body: (borrowing AlignedText, Match, Int, inout AlignedText) -> Void
    ) {
        spareText.removeAll()
        spareText.isTracked = text.isTracked
        sparePieces.removeAll()
        for index in 0..<pieces.count {
            let begin = spareText.count
            body(text, pieces[index], index, &spareText)
            if spareText.count > begin {
                sparePieces.append(Match(begin: UInt32(begin), end: UInt32(spareText.count)))
            }
        }
        swap(&pieces, &sparePieces)
        swap(&text, &spareText)
    }

    /// Cuts every piece at the delimiters that `find` appends for it; with `isInverted` at what
    /// lies between them.
    mutating func cut(
        _ behavior: Behavior, isInverted: Bool = false,
        _ find: (UnsafeBufferPointer<UInt8>, Range<Int>, inout Run<Match>) -> Void
    ) {
        sparePieces.removeAll()
        for index in 0..<pieces.count {
            let piece = pieces[index]
            matches.removeAll()
            find(text.bytes.elements, Int(piece.begin)..<Int(piece.end), &matches)
            Self.cut(piece, matches.elements, behavior, isInverted, &sparePieces)
        }
        swap(&pieces, &sparePieces)
    }

    /// Cuts at single characters.
    mutating func cut(_ behavior: Behavior, where isDelimiter: (UInt32) -> Bool) {
        cut(behavior) { text, range, matches in
            guard let base = text.baseAddress else { return }
            var position = range.lowerBound
            while position < range.upperBound {
                let (scalar, length) = Scalars.decode(base + position)
                if isDelimiter(scalar) {
                    matches.append(
                        Match(begin: UInt32(position), end: UInt32(position + length)))
                }
                position += length
            }
        }
    }

    /// The piece as an alternation of delimiters and the rest, joined as `behavior` says.
    private static func cut(
        _ piece: Match, _ matches: UnsafeBufferPointer<Match>, _ behavior: Behavior,
        _ isInverted: Bool, _ output: inout Run<Match>
    ) {
        var joiner = Joiner(behavior: behavior)
        var position = piece.begin
        for match in matches {
            if match.begin > position {
                joiner.add(Match(begin: position, end: match.begin), isInverted, &output)
            }
            joiner.add(match, !isInverted, &output)
            position = match.end
        }
        if position < piece.end {
            joiner.add(Match(begin: position, end: piece.end), isInverted, &output)
        }
        joiner.finish(&output)
    }
}

/// Joins delimiters with their neighbours.
private struct Joiner {
    let behavior: Cutting.Behavior
    private var pending: Match?
    private var wasDelimiter = false

    init(behavior: Cutting.Behavior) { self.behavior = behavior }

    mutating func add(_ part: Match, _ isDelimiter: Bool, _ output: inout Run<Match>) {
        defer { wasDelimiter = isDelimiter }
        let joins =
            switch behavior {
            case .removed, .isolated: false
            case .contiguous: isDelimiter == wasDelimiter
            case .mergedWithPrevious: isDelimiter && !wasDelimiter
            case .mergedWithNext: !isDelimiter && wasDelimiter
            }
        if joins, let last = pending {
            pending = Match(begin: last.begin, end: part.end)
            return
        }
        finish(&output)
        pending = behavior == .removed && isDelimiter ? nil : part
    }

    mutating func finish(_ output: inout Run<Match>) {
        if let last = pending, last.end > last.begin { output.append(last) }
        pending = nil
    }
}
