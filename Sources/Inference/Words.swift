/// The words of a text that are tagged one by one: letters and digits, with the marks that stand
/// between two of them ("O'Neil", "3,000", "U.S"), and every other sign alone.
enum Words {
    struct Word: Equatable {
        /// UTF-8.
        var bytes: Range<Int>
        /// Unicode scalars.
        var characters: Range<Int>
    }

    private static let joiners: Set<Unicode.Scalar> = ["'", "’", "-", ".", ",", "_"]

    static func all(in text: String) -> [Word] {
        let scalars = Array(text.unicodeScalars)
        var words: [Word] = []
        var isOpen = false
        var byte = 0
        for (index, scalar) in scalars.enumerated() {
            let end = byte + scalar.utf8.count
            defer { byte = end }
            let joins =
                isOpen && joiners.contains(scalar) && index + 1 < scalars.count
                && isPart(scalars[index + 1])
            if isOpen, joins || isPart(scalar) {
                words[words.count - 1].bytes = words[words.count - 1].bytes.lowerBound..<end
                words[words.count - 1].characters =
                    words[words.count - 1].characters.lowerBound..<index + 1
            } else if !scalar.properties.isWhitespace {
                words.append(Word(bytes: byte..<end, characters: index..<index + 1))
                isOpen = isPart(scalar)
            } else {
                isOpen = false
            }
        }
        return words
    }

    private static func isPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .decimalNumber, .letterNumber, .otherNumber, .nonspacingMark, .spacingMark,
            .enclosingMark:
            true
        default: false
        }
    }
}
