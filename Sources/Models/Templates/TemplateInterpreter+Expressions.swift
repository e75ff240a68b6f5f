extension TemplateInterpreter {
    mutating func evaluate(_ expression: TemplateExpression) throws -> TemplateValue {
        try countSteps()
        switch expression {
        case .literal(let value): return value
        case .variable(let name): return lookUp(name)
        case .attribute(let base, let name): return try attribute(try evaluate(base), name)
        case .index(let base, let key):
            let value = try evaluate(base)
            if case .dictionary = value { try countSteps(value.steps) }
            return try value.index(try evaluate(key))
        case .slice(let base, let from, let to, let step):
            let value = try evaluate(base)
            try countSteps(value.steps)
            return try value.sliced(from: try bound(from), to: try bound(to), by: step)
        case .call(let function, let arguments, let named):
            return try call(function, arguments, named)
        case .filter(let base, let name, let arguments):
            let value = try evaluate(base)
            return try filter(value, name, try arguments.map { try evaluate($0) })
        case .test(let base, let name, let arguments):
            let value = try evaluate(base)
            return .bool(try test(value, name, try arguments.map { try evaluate($0) }))
        case .not(let base): return .bool(!(try evaluate(base).isTrue))
        case .negative(let base): return try negated(try evaluate(base))
        case .binary("and", let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? try evaluate(right) : value
        case .binary("or", let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? value : try evaluate(right)
        case .binary(let symbol, let left, let right):
            let value = try evaluate(left)
            return try binary(symbol, value, try evaluate(right))
        case .conditional(let condition, let then, let otherwise):
            if try evaluate(condition).isTrue { return try evaluate(then) }
            return try otherwise.map { try evaluate($0) } ?? .undefined
        case .list(let items):
            try countSteps(Self.stepsPerNesting)
            return .list(try items.map { try evaluate($0) })
        case .dictionary(let members):
            try countSteps(Self.stepsPerNesting)
            return .dictionary(
                try members.map { member in
                    guard let key = try evaluate(member.key).string else {
                        throw ModelError.template("the keys of a mapping must be text")
                    }
                    return (key, try evaluate(member.value))
                })
        }
    }

    private mutating func bound(_ expression: TemplateExpression?) throws -> Int? {
        guard let expression else { return nil }
        guard case .integer(let value) = try evaluate(expression) else {
            throw ModelError.template("the bounds of a slice must be integers")
        }
        return value
    }

    private mutating func attribute(_ value: TemplateValue, _ name: String) throws
        -> TemplateValue
    {
        if case .dictionary = value { try countSteps(value.steps) }
        switch value {
        case .namespace(let number): return namespaces[number][name] ?? .undefined
        case .undefined: throw ModelError.template("it takes a member of something undefined")
        default: return value.member(name)
        }
    }

    private func negated(_ value: TemplateValue) throws -> TemplateValue {
        switch value {
        case .integer(let value): return .integer(0 &- value)
        case .number(let value): return .number(-value)
        default: throw ModelError.template("only numbers can be negated")
        }
    }

    private mutating func binary(_ symbol: String, _ left: TemplateValue, _ right: TemplateValue)
        throws
        -> TemplateValue
    {
        try countSteps(left.steps + right.steps)
        switch symbol {
        case "==": return .bool(try areEqual(left, right))
        case "!=": return .bool(!(try areEqual(left, right)))
        case "in": return .bool(try contains(right, left))
        case "~": return .text(Self.joined(try left.written(), try right.written()))
        case "<", ">", "<=", ">=": return .bool(try compare(symbol, left, right))
        default: break
        }
        switch (symbol, left, right) {
        case ("+", .text(let a), .text(let b)): return .text(Self.joined(a, b))
        case ("+", .list(let a), .list(let b)): return .list(a + b)
        case (_, .integer(let a), .integer(let b)): return try integers(symbol, a, b)
        default:
            guard let a = left.double, let b = right.double else {
                throw ModelError.template("\(symbol) was given values it does not combine")
            }
            return try numbers(symbol, a, b)
        }
    }

    /// Without empty parts: there are no more of them than bytes.
    private static func joined(_ left: [TextPart], _ right: [TextPart]) -> [TextPart] {
        (left + right).filter { !$0.text.isEmpty }
    }

    /// Equality as Python's: numbers by value, text by characters whatever its origin.
    mutating func areEqual(_ left: TemplateValue, _ right: TemplateValue) throws -> Bool {
        try countSteps()
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.list(let a), .list(let b)):
            guard a.count == b.count else { return false }
            for (one, other) in zip(a, b) where try !areEqual(one, other) { return false }
            return true
        case (.text, .text):
            try countSteps(left.steps + right.steps)
            guard let a = left.string, let b = right.string else { return false }
            return a.utf8.elementsEqual(b.utf8)
        default:
            guard let a = left.double, let b = right.double else { return false }
            return a == b
        }
    }

    private mutating func contains(_ value: TemplateValue, _ item: TemplateValue) throws -> Bool {
        switch value {
        case .list(let items):
            for one in items where try areEqual(one, item) { return true }
            return false
        case .dictionary(let members): return members.contains { $0.key == item.string }
        case .text:
            guard let whole = value.string, let part = item.string else {
                throw ModelError.template("in needs text on both sides")
            }
            return Array(whole.utf8).firstRange(of: Array(part.utf8)) != nil
        case .undefined: return false
        default: throw ModelError.template("in needs text, a list or a mapping")
        }
    }

    private func compare(_ symbol: String, _ left: TemplateValue, _ right: TemplateValue) throws
        -> Bool
    {
        guard let a = left.double, let b = right.double else {
            throw ModelError.template("\(symbol) compares numbers only")
        }
        switch symbol {
        case "<": return a < b
        case ">": return a > b
        case "<=": return a <= b
        default: return a >= b
        }
    }

    private func integers(_ symbol: String, _ a: Int, _ b: Int) throws -> TemplateValue {
        switch symbol {
        case "+": return .integer(a &+ b)
        case "-": return .integer(a &- b)
        case "*": return .integer(a &* b)
        case "//", "%":
            guard b != 0, !(a == .min && b == -1) else {
                throw ModelError.template("it divides by zero")
            }
            let quotient = a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0)
            return .integer(symbol == "//" ? quotient : a - quotient * b)
        default: return try numbers(symbol, Double(a), Double(b))
        }
    }

    private func numbers(_ symbol: String, _ a: Double, _ b: Double) throws -> TemplateValue {
        switch symbol {
        case "+": return .number(a + b)
        case "-": return .number(a - b)
        case "*": return .number(a * b)
        case "/":
            guard b != 0 else { throw ModelError.template("it divides by zero") }
            return .number(a / b)
        default: throw ModelError.template("\(symbol) of fractions is not supported")
        }
    }
}
