/// Runs a parsed template. Work and output are bounded: a template comes with a model file.
struct TemplateInterpreter {
    static let stepsMax = 1_000_000
    static let outputBytesMax = 64 << 20
    /// For each list or mapping that is written out: none nests deeper than the stack bears.
    static let stepsPerNesting = 250

    private(set) var output: [TextPart] = []
    private var outputBytes = 0
    private var steps = 0
    var scopes: [[String: TemplateValue]]
    var namespaces: [[String: TemplateValue]] = []

    init(_ variables: [String: TemplateValue]) {
        scopes = [variables]
    }

    private enum Exit { case none, leave, again }

    mutating func run(_ statements: [TemplateStatement]) throws {
        _ = try execute(statements)
    }

    /// Counts work before it is done: what an operation reads and makes is a part of it, so that
    /// neither text nor lists can be doubled without end.
    mutating func countSteps(_ count: Int = 1) throws {
        steps += count
        guard steps <= Self.stepsMax else {
            throw ModelError.template("it takes more than \(Self.stepsMax) steps")
        }
    }

    private mutating func execute(_ statements: [TemplateStatement]) throws -> Exit {
        for statement in statements {
            try countSteps()
            switch statement {
            case .text(let text): try write([TextPart(text, isTrusted: true)])
            case .output(let expression): try write(try evaluate(expression).written())
            case .assign(let name, let attribute, let expression):
                try assign(name, attribute, try evaluate(expression))
            case .leave(let isBreak): return isBreak ? .leave : .again
            case .branch(let cases, let otherwise):
                let exit = try execute(try chosen(cases) ?? otherwise)
                if exit != .none { return exit }
            case .loop(let names, let items, let filter, let body, let otherwise):
                try loop(names, try evaluate(items), filter, body, otherwise)
            }
        }
        return .none
    }

    private mutating func chosen(
        _ cases: [(condition: TemplateExpression, body: [TemplateStatement])]
    ) throws -> [TemplateStatement]? {
        for (condition, body) in cases where try evaluate(condition).isTrue { return body }
        return nil
    }

    private mutating func write(_ parts: [TextPart]) throws {
        for part in parts where !part.text.isEmpty {
            outputBytes += part.text.utf8.count
            guard outputBytes <= Self.outputBytesMax else {
                throw ModelError.template("it writes more than \(Self.outputBytesMax) bytes")
            }
            if let last = output.last, last.isTrusted == part.isTrusted {
                output[output.count - 1].text += part.text
            } else {
                output.append(part)
            }
        }
    }

    private mutating func assign(_ name: String, _ attribute: String?, _ value: TemplateValue)
        throws
    {
        guard let attribute else {
            scopes[scopes.count - 1][name] = value
            return
        }
        guard case .namespace(let number) = lookUp(name) else {
            throw ModelError.template("set may change the members of a namespace only")
        }
        namespaces[number][attribute] = value
    }

    func lookUp(_ name: String) -> TemplateValue {
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        return .undefined
    }

    private mutating func loop(
        _ names: [String], _ value: TemplateValue, _ filter: TemplateExpression?,
        _ body: [TemplateStatement], _ otherwise: [TemplateStatement]
    ) throws {
        try countSteps(value.steps)
        var items = try self.items(of: value)
        if let filter {
            items = try items.filter { item in
                scopes.append(try bound(names, item))
                defer { scopes.removeLast() }
                return try evaluate(filter).isTrue
            }
        }
        if items.isEmpty { _ = try execute(otherwise) }
        for (index, item) in items.enumerated() {
            try countSteps()
            var scope = try bound(names, item)
            scope["loop"] = .dictionary([
                ("first", .bool(index == 0)), ("last", .bool(index == items.count - 1)),
                ("index", .integer(index + 1)), ("index0", .integer(index)),
                ("length", .integer(items.count)),
                ("revindex", .integer(items.count - index)),
                ("revindex0", .integer(items.count - index - 1)),
                ("previtem", index > 0 ? items[index - 1] : .undefined),
                ("nextitem", index + 1 < items.count ? items[index + 1] : .undefined),
            ])
            scopes.append(scope)
            defer { scopes.removeLast() }
            if try execute(body) == .leave { break }
        }
    }

    private func items(of value: TemplateValue) throws -> [TemplateValue] {
        switch value {
        case .list(let items): return items
        case .dictionary(let members): return members.map { .trusted($0.key) }
        case .undefined: return []
        default: throw ModelError.template("for needs a list")
        }
    }

    private func bound(_ names: [String], _ item: TemplateValue) throws -> [String: TemplateValue] {
        guard names.count > 1 else { return names.isEmpty ? [:] : [names[0]: item] }
        guard case .list(let values) = item, values.count == names.count else {
            throw ModelError.template("for has \(names.count) names for items of another count")
        }
        return Dictionary(zip(names, values)) { $1 }
    }
}
