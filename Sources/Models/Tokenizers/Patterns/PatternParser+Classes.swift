extension PatternParser {
    mutating func escaped() throws -> PatternSyntax {
        if take("\\A") { return .begin }
        if take("\\z") { return .end }
        return .scalars(try escapedClass())
    }

    private mutating func escapedClass() throws -> PatternClass {
        position += 1
        let escape = try scalar()
        switch Unicode.Scalar(escape) {
        case "s": return .space
        case "d": return .digit
        case "w": return .word
        case "S": return PatternClass(items: [.set(.space)], isNegated: true)
        case "D": return PatternClass(items: [.set(.digit)], isNegated: true)
        case "W": return PatternClass(items: [.set(.word)], isNegated: true)
        case "p", "P": return try property(isNegated: escape == ascii("P"))
        case "n": return literal(0x0A)
        case "r": return literal(0x0D)
        case "t": return literal(0x09)
        case "f": return literal(0x0C)
        case "v": return literal(0x0B)
        case "u": return literal(try hexadecimal(digits: 4))
        case "x":
            guard take("{") else { return literal(try hexadecimal(digits: 2)) }
            let value = try hexadecimal(digits: 8)
            guard take("}") else { throw bad("\\x{ without its end") }
            return literal(value)
        default:
            let isLetter = escape < 0x80 && Categories.unicode16.isIn([.letter, .number], escape)
            guard !isLetter else { throw bad("this escape") }
            return literal(escape)
        }
    }

    private mutating func hexadecimal(digits: Int) throws -> UInt32 {
        var text = ""
        while text.count < digits, let digit = next, let scalar = Unicode.Scalar(digit),
            scalar.properties.isASCIIHexDigit
        {
            text.unicodeScalars.append(scalar)
            position += 1
        }
        guard let value = UInt32(text, radix: 16), value < 0x110000 else {
            throw bad("a character code")
        }
        return value
    }

    private mutating func property(isNegated: Bool) throws -> PatternClass {
        var name = ""
        if take("{") {
            while let scalar = next, scalar != ascii("}") {
                name.unicodeScalars.append(Unicode.Scalar(scalar) ?? "?")
                position += 1
            }
            position += 1
        } else if let scalar = Unicode.Scalar(try scalar()) {
            name.unicodeScalars.append(scalar)
        }
        var isNegated = isNegated
        if name.hasPrefix("^") {
            isNegated.toggle()
            name.removeFirst()
        }
        if name == "Han" || name == "Script=Han" {
            return PatternClass(items: ScriptRanges.han, isNegated: isNegated)
        }
        guard let set = Categories.Set.byName[name] else {
            throw bad("the property \(printable(name))")
        }
        return PatternClass(items: [.categories(set)], isNegated: isNegated)
    }

    mutating func bracket() throws -> PatternClass {
        position += 1
        depth += 1
        guard depth <= Self.depthMax else { throw bad("classes nest too deep") }
        defer { depth -= 1 }
        var result = PatternClass(isNegated: take("^"))
        var isFirst = true
        while true {
            guard let scalar = next else { throw bad("a class without its end") }
            if scalar == ascii("]"), !isFirst {
                position += 1
                return result
            }
            isFirst = false
            if take("&&") {
                var right = PatternClass()
                while next != nil, next != ascii("]"), !starts("&&") {
                    try item(into: &right)
                }
                result.intersection.append(right)
                continue
            }
            try item(into: &result)
        }
    }

    private mutating func item(into result: inout PatternClass) throws {
        if starts("[:") { throw bad("a POSIX class") }
        if starts("[") {
            result.items.append(.set(try bracket()))
            return
        }
        let low: PatternClass
        if starts("\\") {
            low = try escapedClass()
        } else {
            low = literal(try scalar())
        }
        guard case .range(let first, _)? = low.items.first, !low.isNegated, starts("-"),
            position + 1 < source.count, source[position + 1] != ascii("]")
        else {
            result.items.append(low.items.count == 1 && !low.isNegated ? low.items[0] : .set(low))
            return
        }
        position += 1
        let high = starts("\\") ? try escapedClass() : literal(try scalar())
        guard case .range(let last, _)? = high.items.first, first <= last else {
            throw bad("a range of characters")
        }
        result.items.append(.range(first, last))
        if ignoresCase { result.items += caseRanges(first, last) }
    }

    /// The ASCII letters of a range in their other case.
    private func caseRanges(_ first: UInt32, _ last: UInt32) -> [PatternClass.Item] {
        (max(first, 0x41)...max(min(last, 0x7A), max(first, 0x41))).compactMap { scalar in
            let isLetter = (scalar | 0x20) >= 0x61 && (scalar | 0x20) <= 0x7A
            return isLetter ? .range(scalar ^ 0x20, scalar ^ 0x20) : nil
        }
    }
}
