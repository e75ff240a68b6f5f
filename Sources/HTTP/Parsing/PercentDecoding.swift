/// Undoing percent-encoding, strictly: two hex digits after every `%`, valid UTF-8 as a result.
enum PercentDecoding {
    static func decode(_ bytes: some Sequence<UInt8>, plusIsSpace: Bool) -> String? {
        var decoded: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(ByteClass.hexValue),
                    let low = iterator.next().flatMap(ByteClass.hexValue)
                else { return nil }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(0x20)
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// `a=1&b=2` in order; nil when malformed. A name without `=` has an empty value.
    static func query(_ text: Substring) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "="))
            let value = equals.map { pair[pair.index(after: $0)...] }
            guard let name = decode(pair[..<(equals ?? pair.endIndex)], plusIsSpace: true),
                let decoded = value.map({ decode($0, plusIsSpace: true) }) ?? ""
            else { return nil }
            pairs.append((name, decoded))
        }
        return pairs
    }
}
