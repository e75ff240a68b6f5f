// Cuts a Jinja template into text and tags, with the white-space rules that chat templates are
// written for: `trim_blocks`, `lstrip_blocks`, and `-` inside a tag.

struct TemplateLexer {
    private let source: [Unicode.Scalar]
    private var position = 0
    private var pieces: [TemplatePiece] = []
    private var text = String.UnicodeScalarView()
    /// The tag before ended in `-`: white space after it goes.
    private var strips = false

    static func pieces(of source: String) throws -> [TemplatePiece] {
        var lexer = TemplateLexer(source: Array(source.unicodeScalars))
        try lexer.run()
        return lexer.pieces
    }

    private init(source: [Unicode.Scalar]) {
        self.source = source
    }

    private func at(_ literal: StaticString) -> Bool {
        var index = position
        for byte in literal.description.unicodeScalars {
            guard index < source.count, source[index] == byte else { return false }
            index += 1
        }
        return true
    }

    private mutating func run() throws {
        while position < source.count {
            if at("{%") {
                try tag(close: "%}", isBlock: true)
            } else if at("{{") {
                try tag(close: "}}", isBlock: false)
            } else if at("{#") {
                try comment()
            } else {
                let scalar = source[position]
                position += 1
                if strips, scalar.properties.isWhitespace { continue }
                strips = false
                text.append(scalar)
            }
        }
        flush()
    }

    private mutating func flush() {
        if !text.isEmpty { pieces.append(.text(String(text))) }
        text = String.UnicodeScalarView()
    }

    /// Removes the white space before a tag: all of it for `-`, for a block that begins its line
    /// only the indentation.
    private mutating func trimBefore(isBlock: Bool) {
        let sign = position < source.count ? source[position] : " "
        if sign == "-" || (sign == "+" && isBlock) { position += 1 }
        if sign == "-" {
            while let last = text.last, last.properties.isWhitespace { text.removeLast() }
        } else if isBlock, sign != "+", beginsLine(before: position - 2) {
            while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        }
    }

    /// Only indentation lies between the start of a line and `index`.
    private func beginsLine(before index: Int) -> Bool {
        let before = source[..<index].last { $0 != " " && $0 != "\t" }
        return before.map { $0 == "\n" } ?? true
    }

    private mutating func trimAfter(dash: Bool, isBlock: Bool) {
        strips = dash
        if !dash, isBlock, position < source.count, source[position] == "\n" { position += 1 }
    }

    private mutating func comment() throws {
        position += 2
        trimBefore(isBlock: true)
        flush()
        while position < source.count, !at("#}") { position += 1 }
        guard position < source.count else { throw ModelError.template("a comment has no end") }
        let dash = source[position - 1] == "-"
        position += 2
        trimAfter(dash: dash, isBlock: true)
    }

    private mutating func tag(close: StaticString, isBlock: Bool) throws {
        position += 2
        trimBefore(isBlock: isBlock)
        strips = false
        flush()
        var tokens: [TemplateToken] = []
        // Inside braces of a dictionary `}}` closes those, not the tag.
        var braces = 0
        while true {
            while position < source.count, source[position].properties.isWhitespace {
                position += 1
            }
            guard position < source.count else { throw ModelError.template("a tag has no end") }
            if braces == 0, at(close) || (at("-") && isClose(close, after: 1)) { break }
            let token = try token()
            if token == .symbol("{") { braces += 1 }
            if token == .symbol("}") { braces -= 1 }
            tokens.append(token)
        }
        let dash = source[position] == "-"
        position += dash ? 3 : 2
        trimAfter(dash: dash, isBlock: isBlock)
        pieces.append(isBlock ? .statement(tokens) : .output(tokens))
    }

    private func isClose(_ close: StaticString, after count: Int) -> Bool {
        var ahead = self
        ahead.position += count
        return ahead.at(close)
    }

    private mutating func token() throws -> TemplateToken {
        let scalar = source[position]
        switch scalar {
        case "'", "\"": return .string(try quoted(scalar))
        case "0"..."9": return try number()
        case "a"..."z", "A"..."Z", "_":
            return .name(String(take { $0 == "_" || $0.properties.isAlphabetic || $0.isDigit }))
        default:
            for symbol in ["==", "!=", "<=", ">=", "//", "**"] where matches(symbol) {
                position += 2
                return .symbol(symbol)
            }
            guard "+-*/%~<>=()[]{}.,:|".unicodeScalars.contains(scalar) else {
                throw ModelError.template("a tag holds a character that is not supported")
            }
            position += 1
            return .symbol(String(Character(scalar)))
        }
    }

    private func matches(_ symbol: String) -> Bool {
        source[position...].starts(with: symbol.unicodeScalars)
    }

    private mutating func take(_ condition: (Unicode.Scalar) -> Bool) -> String.UnicodeScalarView {
        var taken = String.UnicodeScalarView()
        while position < source.count, condition(source[position]) {
            taken.append(source[position])
            position += 1
        }
        return taken
    }

    private mutating func number() throws -> TemplateToken {
        var digits = String(take { $0.isDigit })
        let isFraction =
            position + 1 < source.count && source[position] == "." && source[position + 1].isDigit
        if isFraction {
            position += 1
            digits += "." + String(take { $0.isDigit })
            if let number = Double(digits) { return .number(number) }
        } else if let integer = Int(digits) {
            return .integer(integer)
        }
        throw ModelError.template("a number is too large")
    }

    private mutating func quoted(_ quote: Unicode.Scalar) throws -> String {
        position += 1
        var value = String.UnicodeScalarView()
        while position < source.count, source[position] != quote {
            var scalar = source[position]
            if scalar == "\\", position + 1 < source.count {
                position += 1
                switch source[position] {
                case "n": scalar = "\n"
                case "t": scalar = "\t"
                case "r": scalar = "\r"
                case "\\", "'", "\"": scalar = source[position]
                default:
                    value.append("\\")
                    scalar = source[position]
                }
            }
            value.append(scalar)
            position += 1
        }
        guard position < source.count else { throw ModelError.template("a string has no end") }
        position += 1
        return String(value)
    }
}

extension Unicode.Scalar {
    fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
}
