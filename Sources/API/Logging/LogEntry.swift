package import JSON

/// One thing that happened, for the operator. Holds ids, codes, numbers and routes; never a key,
/// a prompt, a row, a path or a query.
package struct LogEntry: Sendable {
    package enum Level: String, Sendable { case info, warning, error }

    package var level: Level
    /// What kind of thing: `request`, `failure`, `worker`.
    package var event: String
    package var fields: [(name: String, value: JSON)]

    package init(
        _ level: Level, _ event: String, _ fields: [(name: String, value: JSON)] = []
    ) {
        self.level = level
        self.event = event
        self.fields = fields
    }

    /// As one line: `{"time":…,"level":…,"event":…,…}`. What a terminal would obey (control bytes,
    /// C1 controls, direction marks) is escaped.
    package func line(time: Double) -> [UInt8] {
        var object: JSONObject = [
            "time": .number((time * 1000).rounded() / 1000), "level": .string(level.rawValue),
            "event": .string(event),
        ]
        for (name, value) in fields { object[name] = value }
        return Self.escaped(JSON.object(object).bytes()) + [UInt8(ascii: "\n")]
    }

    /// JSON escapes the bytes below 0x20 only.
    private static func escaped(_ json: [UInt8]) -> [UInt8] {
        guard json.contains(where: { $0 >= 0x7F }) else { return json }
        var bytes: [UInt8] = []
        for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
            if isHarmless(scalar) {
                bytes += Array(String(scalar).utf8)
            } else {
                let digits = String(scalar.value, radix: 16)
                bytes += Array(
                    "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
            }
        }
        return bytes
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x7F...0x9F, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
}
