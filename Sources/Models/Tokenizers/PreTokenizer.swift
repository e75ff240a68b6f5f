// Splits text into the words that byte-level BPE merges within. Knows no vocabulary.

/// GPT-2's splitting, `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
/// by hand; optionally after splitting off every number character as a word of its own.
struct PreTokenizer: Sendable {
    let splitsDigits: Bool

    /// The ranges of the words in `text`, which is UTF-8; together they cover it.
    func words(_ text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        var begin = 0
        guard splitsDigits else { return wordsWithin(text, 0..<text.count, body) }
        var position = 0
        while position < text.count {
            let character = Character(text, position)
            if character.kind == .number {
                wordsWithin(text, begin..<position, body)
                body(position..<character.end)
                begin = character.end
            }
            position = character.end
        }
        wordsWithin(text, begin..<text.count, body)
    }

    private func wordsWithin(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void
    ) {
        let piece = UnsafeBufferPointer(rebasing: text[..<range.upperBound])
        var position = range.lowerBound
        while position < piece.count {
            let end = wordEnd(piece, position)
            body(position..<end)
            position = end
        }
    }

    /// The end of the word that begins at `position`; the alternatives in the pattern's order.
    private func wordEnd(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> Int {
        if let end = contractionEnd(text, position) { return end }
        let first = Character(text, position)
        if first.kind != .space { return runEnd(text, position, first.kind) }
        if text[position] == 0x20, first.end < text.count {
            let second = Character(text, first.end)
            if second.kind != .space { return runEnd(text, first.end, second.kind) }
        }
        // Leave the last white-space character to the word after it.
        var last = position
        var end = first.end
        while end < text.count {
            let next = Character(text, end)
            guard next.kind == .space else { return last > position ? last : end }
            last = end
            end = next.end
        }
        return end
    }

    private func runEnd(
        _ text: UnsafeBufferPointer<UInt8>, _ position: Int, _ kind: Character.Kind
    ) -> Int {
        var end = position
        while end < text.count {
            let next = Character(text, end)
            guard next.kind == kind else { break }
            end = next.end
        }
        return end
    }

    private func contractionEnd(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> Int? {
        guard text[position] == UInt8(ascii: "'"), position + 1 < text.count else { return nil }
        switch text[position + 1] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return position + 2
        default: break
        }
        guard position + 2 < text.count else { return nil }
        switch (text[position + 1], text[position + 2]) {
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return position + 3
        default: return nil
        }
    }
}

extension PreTokenizer {
    /// One character of valid UTF-8.
    private struct Character {
        enum Kind { case letter, number, space, other }

        let kind: Kind
        let end: Int

        init(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) {
            let lead = text[position]
            if lead < 0x80 {
                kind = Self.ascii(lead)
                end = position + 1
                return
            }
            let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
            var value = UInt32(lead) & (0x7F >> UInt32(length))
            var next = position + 1
            while next < position + length, next < text.count {
                value = value << 6 | UInt32(text[next]) & 0x3F
                next += 1
            }
            kind = Self.unicode(value)
            end = next
        }

        private static func ascii(_ byte: UInt8) -> Kind {
            switch byte {
            case 0x41...0x5A, 0x61...0x7A: .letter
            case 0x30...0x39: .number
            case 0x09...0x0D, 0x20: .space
            default: .other
            }
        }

        private static func unicode(_ value: UInt32) -> Kind {
            guard let scalar = Unicode.Scalar(value) else { return .other }
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter,
                .otherLetter:
                return .letter
            case .decimalNumber, .letterNumber, .otherNumber: return .number
            default: return scalar.properties.isWhitespace ? .space : .other
            }
        }
    }
}
