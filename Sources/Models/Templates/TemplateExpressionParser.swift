/// Expressions by recursive descent, in Jinja's order of precedence.
struct TemplateExpressionParser {
    private let tokens: [TemplateToken]
    private var next = 0
    private var depth = 0

    init(_ tokens: [TemplateToken]) {
        self.tokens = tokens
    }

    static func whole(_ tokens: [TemplateToken]) throws -> TemplateExpression {
        var parser = TemplateExpressionParser(tokens)
        let expression = try parser.expression()
        try parser.expectEnd()
        return expression
    }

    func expectEnd() throws {
        guard next == tokens.count else {
            throw ModelError.template("an expression goes on where it should end")
        }
    }

    mutating func takeName(_ name: String) -> Bool {
        take(.name(name))
    }

    private mutating func take(_ token: TemplateToken) -> Bool {
        guard next < tokens.count, tokens[next] == token else { return false }
        next += 1
        return true
    }

    private mutating func expect(_ symbol: String) throws {
        guard take(.symbol(symbol)) else {
            throw ModelError.template("an expression lacks \(symbol)")
        }
    }

    mutating func expression() throws -> TemplateExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= TemplateParser.depthMax else {
            throw ModelError.template("an expression nests too deeply")
        }
        let value = try disjunction()
        guard takeName("if") else { return value }
        let condition = try disjunction()
        let otherwise = takeName("else") ? try expression() : nil
        return .conditional(condition: condition, then: value, otherwise: otherwise)
    }

    mutating func disjunction() throws -> TemplateExpression {
        var left = try conjunction()
        while takeName("or") { left = .binary("or", left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws -> TemplateExpression {
        var left = try negation()
        while takeName("and") { left = .binary("and", left, try negation()) }
        return left
    }

    private mutating func negation() throws -> TemplateExpression {
        var count = 0
        while takeName("not") { count += 1 }
        let value = try comparison()
        return count == 0 ? value : count % 2 == 1 ? .not(value) : .not(.not(value))
    }

    private mutating func comparison() throws -> TemplateExpression {
        var left = try sum()
        while true {
            if let symbol = takeSymbol(["==", "!=", "<", ">", "<=", ">="]) {
                left = .binary(symbol, left, try sum())
            } else if takeName("in") {
                left = .binary("in", left, try sum())
            } else if next + 1 < tokens.count, tokens[next] == .name("not"),
                tokens[next + 1] == .name("in")
            {
                next += 2
                left = .not(.binary("in", left, try sum()))
            } else {
                return left
            }
        }
    }

    private mutating func takeSymbol(_ symbols: [String]) -> String? {
        symbols.first { take(.symbol($0)) }
    }

    private mutating func sum() throws -> TemplateExpression {
        var left = try concatenation()
        while let symbol = takeSymbol(["+", "-"]) {
            left = .binary(symbol, left, try concatenation())
        }
        return left
    }

    private mutating func concatenation() throws -> TemplateExpression {
        var left = try product()
        while takeSymbol(["~"]) != nil { left = .binary("~", left, try product()) }
        return left
    }

    private mutating func product() throws -> TemplateExpression {
        var left = try unary()
        while let symbol = takeSymbol(["*", "//", "/", "%"]) {
            left = .binary(symbol, left, try unary())
        }
        return left
    }

    private mutating func unary() throws -> TemplateExpression {
        if take(.symbol("-")) { return .negative(try postfix()) }
        return try postfix()
    }

    private mutating func postfix() throws -> TemplateExpression {
        var value = try primary()
        while true {
            if take(.symbol(".")) {
                value = .attribute(value, try name())
            } else if take(.symbol("[")) {
                value = try subscripted(value)
            } else if take(.symbol("(")) {
                let (values, named) = try arguments()
                value = .call(value, values, named: named)
            } else if take(.symbol("|")) {
                let filter = try name()
                let values = take(.symbol("(")) ? try arguments().0 : []
                value = .filter(value, filter, values)
            } else if takeName("is") {
                let isNegated = takeName("not")
                let test = try name()
                let values = take(.symbol("(")) ? try arguments().0 : []
                value = .test(value, test, values)
                if isNegated { value = .not(value) }
            } else {
                return value
            }
        }
    }

    private mutating func name() throws -> String {
        guard next < tokens.count, case .name(let name) = tokens[next] else {
            throw ModelError.template("an expression lacks a name")
        }
        next += 1
        return name
    }

    private mutating func subscripted(_ value: TemplateExpression) throws -> TemplateExpression {
        var from: TemplateExpression?
        if !(next < tokens.count && tokens[next] == .symbol(":")) { from = try expression() }
        guard take(.symbol(":")) else {
            try expect("]")
            return .index(value, from ?? .literal(.undefined))
        }
        var to: TemplateExpression?
        var step = 1
        if next < tokens.count, tokens[next] != .symbol("]"), tokens[next] != .symbol(":") {
            to = try expression()
        }
        if take(.symbol(":")) {
            guard take(.symbol("-")), take(.integer(1)) else {
                throw ModelError.template("a slice may step by -1 only")
            }
            step = -1
        }
        try expect("]")
        return .slice(value, from: from, to: to, by: step)
    }

    private mutating func arguments() throws -> (
        [TemplateExpression], [(String, TemplateExpression)]
    ) {
        var values: [TemplateExpression] = []
        var named: [(String, TemplateExpression)] = []
        while !take(.symbol(")")) {
            if next + 1 < tokens.count, case .name(let name) = tokens[next],
                tokens[next + 1] == .symbol("=")
            {
                next += 2
                named.append((name, try expression()))
            } else {
                values.append(try expression())
            }
            if take(.symbol(")")) { break }
            try expect(",")
        }
        return (values, named)
    }

    private mutating func primary() throws -> TemplateExpression {
        guard next < tokens.count else { throw ModelError.template("an expression is missing") }
        let token = tokens[next]
        next += 1
        switch token {
        case .string(let text):
            var joined = text
            while next < tokens.count, case .string(let more) = tokens[next] {
                joined += more
                next += 1
            }
            return .literal(.trusted(joined))
        case .integer(let value): return .literal(.integer(value))
        case .number(let value): return .literal(.number(value))
        case .name(let name):
            return Self.constants[name].map { .literal($0) } ?? .variable(name)
        case .symbol("("):
            let value = try expression()
            try expect(")")
            return value
        case .symbol("["): return .list(try items())
        case .symbol("{"): return .dictionary(try members())
        case .symbol(let symbol):
            throw ModelError.template("an expression has \(symbol) in a place not supported")
        }
    }

    private static let constants: [String: TemplateValue] = [
        "true": .bool(true), "True": .bool(true), "false": .bool(false), "False": .bool(false),
        "none": .none, "None": .none,
    ]

    private mutating func items() throws -> [TemplateExpression] {
        var items: [TemplateExpression] = []
        while !take(.symbol("]")) {
            items.append(try expression())
            if take(.symbol("]")) { break }
            try expect(",")
        }
        return items
    }

    private mutating func members() throws -> [(key: TemplateExpression, value: TemplateExpression)]
    {
        var members: [(key: TemplateExpression, value: TemplateExpression)] = []
        while !take(.symbol("}")) {
            let key = try expression()
            try expect(":")
            members.append((key, try expression()))
            if take(.symbol("}")) { break }
            try expect(",")
        }
        return members
    }
}
