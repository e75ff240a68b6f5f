/// The tokens of NIST's mteval-v13a, by which BLEU scores are compared: punctuation and symbols
/// stand alone, but for an apostrophe, and for full stops, commas and dashes inside numbers.
enum MtevalTokens {
    private typealias Scalars = [Unicode.Scalar]

    static func all(in text: String) -> [String] {
        var scalars = joined(Scalars(text.unicodeScalars))
        scalars = [" "] + scalars + [" "]
        scalars = scalars.flatMap { isSymbol($0) ? [" ", $0, " "] : [$0] }
        scalars = parted(scalars) { !isDigit($0) && isPoint($1) ? [$0, " ", $1, " "] : nil }
        scalars = parted(scalars) { isPoint($0) && !isDigit($1) ? [" ", $0, " ", $1] : nil }
        scalars = parted(scalars) { isDigit($0) && $1 == "-" ? [$0, " ", $1, " "] : nil }
        return scalars.split(whereSeparator: isSpace).map { word in
            var text = ""
            text.unicodeScalars.append(contentsOf: word)
            return text
        }
    }

    /// Lines joined, a word divided at a line's end made whole, and the four entities read.
    private static func joined(_ scalars: Scalars) -> Scalars {
        var trimmed = scalars
        while let last = trimmed.last, isSpace(last) { trimmed.removeLast() }
        var text = replaced(trimmed, "<skipped>", "")
        text = replaced(text, "-\n", "")
        text = replaced(text, "\n", " ")
        for (entity, character) in [
            ("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"),
        ] { text = replaced(text, entity, character) }
        return text
    }

    private static func replaced(_ text: Scalars, _ old: String, _ new: String) -> Scalars {
        let (old, new) = (Scalars(old.unicodeScalars), Scalars(new.unicodeScalars))
        var result: Scalars = []
        var index = 0
        while index < text.count {
            if text[index...].starts(with: old) {
                result += new
                index += old.count
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    /// Replaces pairs that do not overlap, from the left; nil leaves one as it is.
    private static func parted(
        _ text: Scalars, by replacement: (Unicode.Scalar, Unicode.Scalar) -> Scalars?
    ) -> Scalars {
        var result: Scalars = []
        var index = 0
        while index < text.count {
            if index + 1 < text.count, let pair = replacement(text[index], text[index + 1]) {
                result += pair
                index += 2
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    private static func isSymbol(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": true
        default: false
        }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func isPoint(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }

    /// As Python's `str.split` parts words.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || ("\u{1C}"..."\u{1F}").contains(scalar)
    }
}
