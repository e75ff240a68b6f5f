/// Statements of a template: `for`, `if`, `set`, `break`, `continue`, `generation`.
struct TemplateParser {
    static let depthMax = 64

    private let pieces: [TemplatePiece]
    private var next = 0
    private var depth = 0

    static func parse(_ source: String) throws -> [TemplateStatement] {
        var parser = TemplateParser(pieces: try TemplateLexer.pieces(of: source))
        let (statements, end) = try parser.body(until: [])
        precondition(end.isEmpty)
        return statements
    }

    private init(pieces: [TemplatePiece]) {
        self.pieces = pieces
    }

    /// Statements up to a tag with one of the names; that tag's tokens.
    private mutating func body(until ends: Set<String>) throws -> (
        [TemplateStatement], [TemplateToken]
    ) {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else { throw ModelError.template("it nests too deeply") }
        var statements: [TemplateStatement] = []
        while next < pieces.count {
            let piece = pieces[next]
            next += 1
            switch piece {
            case .text(let text): statements.append(.text(text))
            case .output(let tokens):
                statements.append(.output(try TemplateExpressionParser.whole(tokens)))
            case .statement(let tokens):
                guard case .name(let keyword)? = tokens.first else {
                    throw ModelError.template("a tag has no keyword")
                }
                if ends.contains(keyword) { return (statements, tokens) }
                statements += try statement(keyword, Array(tokens.dropFirst()))
            }
        }
        guard ends.isEmpty else {
            throw ModelError.template("the end tag \(ends.sorted()[0]) is missing")
        }
        return (statements, [])
    }

    private mutating func statement(_ keyword: String, _ tokens: [TemplateToken]) throws
        -> [TemplateStatement]
    {
        switch keyword {
        case "if": return [try branch(tokens)]
        case "for": return [try loop(tokens)]
        case "set": return [try assign(tokens)]
        case "break": return [.leave(isBreak: true)]
        case "continue": return [.leave(isBreak: false)]
        case "generation": return try body(until: ["endgeneration"]).0
        default:
            throw ModelError.template("the tag \(printable(keyword)) is not supported")
        }
    }

    private mutating func branch(_ tokens: [TemplateToken]) throws -> TemplateStatement {
        var cases: [(condition: TemplateExpression, body: [TemplateStatement])] = []
        var condition = try TemplateExpressionParser.whole(tokens)
        while true {
            let (statements, end) = try body(until: ["elif", "else", "endif"])
            cases.append((condition, statements))
            switch end[0] {
            case .name("elif"):
                condition = try TemplateExpressionParser.whole(Array(end.dropFirst()))
            case .name("else"):
                return .branch(cases, otherwise: try body(until: ["endif"]).0)
            default: return .branch(cases, otherwise: [])
            }
        }
    }

    private mutating func loop(_ tokens: [TemplateToken]) throws -> TemplateStatement {
        guard let split = tokens.firstIndex(of: .name("in")) else {
            throw ModelError.template("for has no in")
        }
        var names: [String] = []
        for token in tokens[..<split] where token != .symbol(",") {
            guard case .name(let name) = token else {
                throw ModelError.template("for needs names before in")
            }
            names.append(name)
        }
        var parser = TemplateExpressionParser(Array(tokens[(split + 1)...]))
        let items = try parser.disjunction()
        let filter = parser.takeName("if") ? try parser.expression() : nil
        try parser.expectEnd()
        let (statements, end) = try body(until: ["else", "endfor"])
        let otherwise = end[0] == .name("else") ? try body(until: ["endfor"]).0 : []
        return .loop(names, in: items, where: filter, body: statements, otherwise: otherwise)
    }

    private mutating func assign(_ tokens: [TemplateToken]) throws -> TemplateStatement {
        guard case .name(let name)? = tokens.first else {
            throw ModelError.template("set needs a name")
        }
        if tokens.count > 2, tokens[1] == .symbol("=") {
            return .assign(
                name, attribute: nil, try TemplateExpressionParser.whole(Array(tokens[2...])))
        }
        if tokens.count > 4, tokens[1] == .symbol("."), case .name(let attribute) = tokens[2],
            tokens[3] == .symbol("=")
        {
            return .assign(
                name, attribute: attribute,
                try TemplateExpressionParser.whole(Array(tokens[4...])))
        }
        throw ModelError.template("this form of set is not supported")
    }
}
