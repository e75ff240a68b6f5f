extension TemplateValue {
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .text(let parts): parts.contains { !$0.text.isEmpty }
        case .list(let items): !items.isEmpty
        case .dictionary(let members): !members.isEmpty
        case .namespace: true
        }
    }

    /// The text of a text value; nil for all others.
    var string: String? {
        guard case .text(let parts) = self else { return nil }
        return parts.reduce(into: "") { $0 += $1.text }
    }

    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .bool(let value): value ? 1 : 0
        default: nil
        }
    }

    /// What `{{ }}` writes.
    func written() throws -> [TextPart] {
        switch self {
        case .undefined: return []
        case .none: return [TextPart("None", isTrusted: true)]
        case .bool(let value): return [TextPart(value ? "True" : "False", isTrusted: true)]
        case .integer(let value): return [TextPart("\(value)", isTrusted: true)]
        case .number(let value): return [TextPart("\(value)", isTrusted: true)]
        case .text(let parts): return parts
        case .list, .dictionary, .namespace:
            throw ModelError.template("writing a list or a mapping is not supported")
        }
    }

    /// What reading or copying it takes, in the interpreter's steps.
    var steps: Int {
        switch self {
        case .text(let parts): parts.reduce(parts.count) { $0 + $1.text.utf8.count / 256 }
        case .list(let items): items.count / 8
        case .dictionary(let members): members.count / 8
        default: 0
        }
    }

    func member(_ name: String) -> TemplateValue {
        guard case .dictionary(let members) = self else { return .undefined }
        return members.first { $0.key == name }?.value ?? .undefined
    }

    func index(_ key: TemplateValue) throws -> TemplateValue {
        switch (self, key) {
        case (.list(let items), .integer(let index)):
            let place = index < 0 ? items.count + index : index
            return items.indices.contains(place) ? items[place] : .undefined
        case (.dictionary, .text): return member(key.string ?? "")
        case (.undefined, _): throw ModelError.template("it indexes something undefined")
        default: return .undefined
        }
    }

    func sliced(from: Int?, to: Int?, by step: Int) throws -> TemplateValue {
        func bound(_ value: Int?, _ count: Int, _ fallback: Int) -> Int {
            guard let value else { return fallback }
            return Swift.min(Swift.max(value < 0 ? count + value : value, 0), count)
        }
        guard case .list(let items) = self else {
            throw ModelError.template("only lists can be sliced")
        }
        guard step == 1 || (from == nil && to == nil) else {
            throw ModelError.template("a slice with bounds may not step")
        }
        if step == -1 { return .list(items.reversed()) }
        let begin = bound(from, items.count, 0)
        let end = bound(to, items.count, items.count)
        return .list(begin < end ? Array(items[begin..<end]) : [])
    }

    /// Without white space at the chosen ends, keeping where the text came from.
    func trimmed(leading: Bool, trailing: Bool) throws -> TemplateValue {
        guard case .text(var parts) = self else {
            throw ModelError.template("only text can be trimmed")
        }
        while leading, let first = parts.first {
            let rest = first.text.unicodeScalars.drop { $0.properties.isWhitespace }
            parts[0].text = String(rest)
            if !rest.isEmpty { break }
            parts.removeFirst()
        }
        while trailing, let last = parts.last {
            var rest = last.text.unicodeScalars[...]
            while let scalar = rest.last, scalar.properties.isWhitespace { rest.removeLast() }
            parts[parts.count - 1].text = String(rest)
            if !rest.isEmpty { break }
            parts.removeLast()
        }
        return .text(parts)
    }

    /// A new text computed from all of this one: trusted only where all of it was.
    func mapped(_ change: (String) -> String) throws -> TemplateValue {
        guard case .text(let parts) = self, let whole = string else {
            throw ModelError.template("a text operation was given something else")
        }
        return .text([TextPart(change(whole), isTrusted: parts.allSatisfy(\.isTrusted))])
    }
}
