extension TemplateInterpreter {
    /// A function by its name, or a method of a value.
    mutating func call(
        _ function: TemplateExpression, _ arguments: [TemplateExpression],
        _ named: [(String, TemplateExpression)]
    ) throws -> TemplateValue {
        let values = try arguments.map { try evaluate($0) }
        try countSteps(values.reduce(0) { $0 + $1.steps })
        let members = try named.map { (key: $0.0, value: try evaluate($0.1)) }
        switch function {
        case .variable("raise_exception"):
            throw ModelError.invalidInput(
                "the model's chat template refuses these messages: "
                    + printable(values.first?.string ?? "no reason given"))
        case .variable("namespace"):
            namespaces.append(Dictionary(members.map { ($0.key, $0.value) }) { $1 })
            return .namespace(namespaces.count - 1)
        case .variable("range"): return try range(values)
        case .attribute(let base, let name): return try method(try evaluate(base), name, values)
        case .variable(let name):
            throw ModelError.template("the function \(printable(name)) is not supported")
        default: throw ModelError.template("it calls something that is no function")
        }
    }

    private mutating func range(_ values: [TemplateValue]) throws -> TemplateValue {
        let bounds = values.compactMap { value -> Int? in
            guard case .integer(let bound) = value else { return nil }
            return bound
        }
        guard bounds.count == values.count, (1...2).contains(bounds.count) else {
            throw ModelError.template("range takes one or two integers")
        }
        let begin = bounds.count == 2 ? bounds[0] : 0
        let (length, overflow) = bounds[bounds.count - 1].subtractingReportingOverflow(begin)
        guard !overflow, length <= 100_000 else {
            throw ModelError.template("a range is longer than 100000")
        }
        try countSteps(Swift.max(length, 0) / 8)
        return .list((0..<Swift.max(length, 0)).map { .integer(begin + $0) })
    }

    private mutating func method(
        _ value: TemplateValue, _ name: String, _ arguments: [TemplateValue]
    ) throws -> TemplateValue {
        try countSteps(value.steps)
        if case .dictionary(let members) = value {
            switch name {
            case "items": return .list(members.map { .list([.trusted($0.key), $0.value]) })
            case "keys": return .list(members.map { .trusted($0.key) })
            case "values": return .list(members.map(\.value))
            case "get":
                let found = value.member(arguments.first?.string ?? "")
                if case .undefined = found { return arguments.dropFirst().first ?? .none }
                return found
            default: break
            }
        }
        switch (name, arguments.first?.string) {
        case ("strip", nil): return try value.trimmed(leading: true, trailing: true)
        case ("lstrip", nil): return try value.trimmed(leading: true, trailing: false)
        case ("rstrip", nil): return try value.trimmed(leading: false, trailing: true)
        case ("upper", nil), ("lower", nil), ("capitalize", nil), ("title", nil):
            return try filter(value, name, [])
        case ("startswith", let part?):
            return .bool(value.string?.utf8.starts(with: part.utf8) ?? false)
        case ("endswith", let part?):
            return .bool(value.string?.utf8.reversed().starts(with: part.utf8.reversed()) ?? false)
        case ("split", let separator?) where !separator.isEmpty:
            return try split(value, separator)
        default:
            throw ModelError.template("the method \(printable(name)) is not supported")
        }
    }

    private mutating func split(_ value: TemplateValue, _ separator: String) throws -> TemplateValue
    {
        guard case .text(let parts) = value, let whole = value.string else {
            throw ModelError.template("only text can be split")
        }
        // A piece is many times as large as its text.
        try countSteps(whole.utf8.count / 4)
        let isTrusted = parts.allSatisfy(\.isTrusted)
        let cut = Array(separator.utf8)
        var rest = Array(whole.utf8)[...]
        var pieces: [TemplateValue] = []
        func add(_ bytes: ArraySlice<UInt8>) {
            pieces.append(
                .text([TextPart(String(decoding: bytes, as: UTF8.self), isTrusted: isTrusted)]))
        }
        while let range = rest.firstRange(of: cut) {
            add(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        add(rest)
        return .list(pieces)
    }

    mutating func filter(
        _ value: TemplateValue, _ name: String, _ arguments: [TemplateValue]
    ) throws -> TemplateValue {
        try countSteps(arguments.reduce(value.steps) { $0 + $1.steps })
        switch name {
        case "trim": return try value.trimmed(leading: true, trailing: true)
        case "upper": return try value.mapped { $0.uppercased() }
        case "lower": return try value.mapped { $0.lowercased() }
        case "capitalize":
            return try value.mapped { $0.prefix(1).uppercased() + $0.dropFirst().lowercased() }
        case "string": return .text(try value.written())
        case "safe": return value
        case "length", "count": return .integer(try length(value))
        case "list": if case .list = value { return value }
        case "first", "last":
            if case .list(let items) = value {
                return (name == "first" ? items.first : items.last) ?? .undefined
            }
        case "default", "d":
            if case .undefined = value { return arguments.first ?? .trusted("") }
            return value
        case "join":
            if case .list(let items) = value {
                let separator = try arguments.first?.written() ?? []
                let each = TemplateValue.text(separator).steps
                var joined: [TextPart] = []
                for (index, item) in items.enumerated() {
                    try countSteps(1 + each + item.steps)
                    if index > 0 { joined += separator }
                    joined += try item.written()
                }
                return .text(joined.filter { !$0.text.isEmpty })
            }
        case "items": return try method(value, "items", [])
        default: break
        }
        throw ModelError.template("the filter \(printable(name)) is not supported here")
    }

    private func length(_ value: TemplateValue) throws -> Int {
        switch value {
        case .text: return value.string?.unicodeScalars.count ?? 0
        case .list(let items): return items.count
        case .dictionary(let members): return members.count
        case .undefined: return 0
        default: throw ModelError.template("length was given a number")
        }
    }

    mutating func test(_ value: TemplateValue, _ name: String, _ arguments: [TemplateValue]) throws
        -> Bool
    {
        switch (name, value) {
        case ("defined", .undefined): return false
        case ("defined", _): return true
        case ("undefined", .undefined): return true
        case ("undefined", _): return false
        case ("none", .none), ("string", .text), ("mapping", .dictionary), ("boolean", .bool),
            ("number", .integer), ("number", .number), ("integer", .integer), ("float", .number),
            ("iterable", .text), ("iterable", .list), ("iterable", .dictionary),
            ("sequence", .text), ("sequence", .list), ("sequence", .dictionary),
            ("true", .bool(true)), ("false", .bool(false)):
            return true
        case ("none", _), ("string", _), ("mapping", _), ("boolean", _), ("number", _),
            ("integer", _), ("float", _), ("iterable", _), ("sequence", _), ("true", _),
            ("false", _):
            return false
        case ("equalto", _), ("eq", _):
            return try areEqual(value, arguments.first ?? .undefined)
        default:
            throw ModelError.template("the test \(printable(name)) is not supported")
        }
    }
}
