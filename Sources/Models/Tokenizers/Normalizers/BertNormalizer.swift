/// BERT's cleaning (Devlin et al. 2018): no control characters, one kind of space, CJK ideographs
/// as words of their own, no accents, lower case.
struct BertNormalizer: Normalizer {
    let cleans: Bool
    let separatesIdeographs: Bool
    let stripsAccents: Bool
    let lowercases: Bool
    /// What becomes of each ASCII byte; 0 drops it.
    private let ascii: [UInt8]

    init(_ field: TokenizerField) throws {
        cleans = try field["clean_text"].bool()
        separatesIdeographs = try field["handle_chinese_chars"].bool()
        lowercases = try field["lowercase"].bool()
        stripsAccents = try field["strip_accents"].bool(default: lowercases)
        let (cleans, lowercases) = (cleans, lowercases)
        ascii = (0..<128).map { (byte: UInt8) in
            if cleans {
                if byte == 9 || byte == 10 || byte == 13 { return 0x20 }
                if byte < 0x20 || byte == 0x7F { return 0 }
            }
            return lowercases && (0x41...0x5A).contains(byte) ? byte + 0x20 : byte
        }
    }

    func normalize(_ source: borrowing AlignedText, into output: inout AlignedText) {
        var position = 0
        let end = source.count
        ascii.withUnsafeBufferPointer { ascii in
            while position < end {
                let byte = source.bytes[position]
                if byte < 0x80 {
                    let result = ascii[Int(byte)]
                    // Without cleaning NUL is a character like others.
                    if result != 0 || !cleans {
                        output.append(byte: result, source.span(at: position))
                    }
                    position &+= 1
                    continue
                }
                // ASCII neither decomposes nor carries a class: runs beyond it stand alone.
                let begin = position
                let kept = output.count
                var isOrdered = true
                while position < end, source.bytes[position] >= 0x80 {
                    position += append(source, position, to: &output, &isOrdered)
                }
                if !isOrdered {
                    output.truncate(kept)
                    reorder(source, begin..<position, into: &output)
                }
            }
        }
    }

    /// Writes the scalar at `position`; clears `isOrdered` when a mark stays whose place depends
    /// on its neighbours.
    /// - Returns: its bytes in the source.
    private func append(
        _ source: borrowing AlignedText, _ position: Int, to output: inout AlignedText,
        _ isOrdered: inout Bool
    ) -> Int {
        let (scalar, length) = Scalars.decode(source.bytes.base + position)
        let span = source.span(at: position)
        if cleans, Self.isDropped(scalar) { return length }
        if separatesIdeographs, Self.isIdeograph(scalar) {
            output.append(byte: 0x20, span)
            appendParts(scalar, span, to: &output, &isOrdered)
            output.append(byte: 0x20, span)
        } else if cleans, Self.isSpace(scalar) {
            output.append(byte: 0x20, span)
        } else {
            appendParts(scalar, span, to: &output, &isOrdered)
        }
        return length
    }

    private func appendParts(
        _ scalar: UInt32, _ span: AlignedText.Span, to output: inout AlignedText,
        _ isOrdered: inout Bool
    ) {
        guard stripsAccents else { return appendCased(scalar, span, to: &output) }
        let tables = Decompositions.canonical
        let parts = tables[scalar]
        if parts.isEmpty {
            if Categories.unicode8.isIn(.mn, scalar) { return }
            // Hangul decomposes by rule; the way with reordering does that too.
            if scalar &- 0xAC00 < 11172 || tables.combiningClass(scalar) != 0 {
                isOrdered = false
            }
            return appendCased(scalar, span, to: &output)
        }
        for part in parts where !Categories.unicode8.isIn(.mn, part) {
            if tables.combiningClass(part) != 0 { isOrdered = false }
            appendCased(part, span, to: &output)
        }
    }

    @inline(__always)
    private func appendCased(
        _ scalar: UInt32, _ span: AlignedText.Span, to output: inout AlignedText
    ) {
        if lowercases {
            Lowercase.append(scalar, span, to: &output)
        } else {
            output.append(scalar: scalar, span)
        }
    }

    /// The same for a run whose marks must be sorted: step by step.
    private func reorder(
        _ source: borrowing AlignedText, _ range: Range<Int>, into output: inout AlignedText
    ) {
        var cleaned = AlignedText()
        cleaned.isTracked = source.isTracked
        var position = range.lowerBound
        while position < range.upperBound {
            let (scalar, length) = Scalars.decode(source.bytes.base + position)
            let span = source.span(at: position)
            position += length
            if cleans, Self.isDropped(scalar) { continue }
            let isAlone = separatesIdeographs && Self.isIdeograph(scalar)
            if isAlone { cleaned.append(byte: 0x20, span) }
            cleaned.append(scalar: cleans && Self.isSpace(scalar) ? 0x20 : scalar, span)
            if isAlone { cleaned.append(byte: 0x20, span) }
        }
        var decomposed = AlignedText()
        decomposed.isTracked = source.isTracked
        UnicodeForm.nfd.normalize(cleaned, into: &decomposed)
        position = 0
        while position < decomposed.count {
            let (scalar, length) = Scalars.decode(decomposed.bytes.base + position)
            if !Categories.unicode8.isIn(.mn, scalar) {
                appendCased(scalar, decomposed.span(at: position), to: &output)
            }
            position += length
        }
    }

    private static func isDropped(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09, 0x0A, 0x0D: false
        case 0x00, 0xFFFD: true
        // Unassigned ones stay.
        default: Categories.unicode8.isIn([.cc, .cf, .co], scalar)
        }
    }

    private static func isSpace(_ scalar: UInt32) -> Bool {
        Categories.unicode8.value(scalar) & Categories.whitespace != 0
    }

    /// The blocks that BERT calls Chinese; the gap before U+2B920 is its own.
    private static func isIdeograph(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
