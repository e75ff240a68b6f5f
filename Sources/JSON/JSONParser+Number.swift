extension JSONParser {
    /// Powers of ten that a double holds exactly.
    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]

    mutating func number() throws(JSONError) -> JSON {
        let start = position
        let negative = bytes[position] == UInt8(ascii: "-")
        if negative { position += 1 }
        var mantissa: UInt64 = 0
        var exact = true
        let first = position
        digits(into: &mantissa, &exact)
        guard position > first, position == first + 1 || bytes[first] != UInt8(ascii: "0") else {
            throw JSONError(.invalidNumber, at: start, "malformed number")
        }
        let isInteger =
            !nextIs(UInt8(ascii: ".")) && !nextIs(UInt8(ascii: "e"))
            && !nextIs(UInt8(ascii: "E"))
        if isInteger, exact, let value = Self.integer(mantissa, negative) {
            return .integer(value)
        }
        var exponent = 0
        if nextIs(UInt8(ascii: ".")) {
            position += 1
            let fraction = position
            digits(into: &mantissa, &exact)
            guard position > fraction else {
                throw JSONError(.invalidNumber, at: start, "malformed number")
            }
            exponent = fraction - position
        }
        if nextIs(UInt8(ascii: "e")) || nextIs(UInt8(ascii: "E")) {
            exponent += try writtenExponent(start)
        }
        if exact, mantissa <= 1 << 53, abs(exponent) <= 22 {
            // Both operands are exact, so the one operation rounds correctly (Clinger 1990).
            let power = Self.powersOfTen[abs(exponent)]
            let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
            return .number(negative ? -value : value)
        }
        return try slowNumber(start)
    }

    private static func integer(_ magnitude: UInt64, _ negative: Bool) -> Int64? {
        if negative, magnitude == 1 << 63 { return .min }
        return Int64(exactly: magnitude).map { negative ? -$0 : $0 }
    }

    private func nextIs(_ byte: UInt8) -> Bool {
        position < bytes.count && bytes[position] == byte
    }

    private mutating func digits(into mantissa: inout UInt64, _ exact: inout Bool) {
        while position < bytes.count {
            let digit = bytes[position] &- 0x30
            guard digit <= 9 else { return }
            if exact {
                let (product, over) = mantissa.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
                exact = !over && !carry
                mantissa = sum
            }
            position += 1
        }
    }

    private mutating func writtenExponent(_ start: Int) throws(JSONError) -> Int {
        position += 1
        let negative = nextIs(UInt8(ascii: "-"))
        if negative || nextIs(UInt8(ascii: "+")) { position += 1 }
        let first = position
        var value: UInt64 = 0
        var exact = true
        digits(into: &value, &exact)
        guard position > first else {
            throw JSONError(.invalidNumber, at: start, "malformed number")
        }
        let capped = exact ? Int(min(value, 1_000_000)) : 1_000_000
        return negative ? -capped : capped
    }

    private func slowNumber(_ start: Int) throws(JSONError) -> JSON {
        let text = String(
            decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw JSONError(.numberOutOfRange, at: start, "number beyond a double")
        }
        return .number(value)
    }
}
