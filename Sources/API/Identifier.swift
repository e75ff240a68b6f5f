/// Names that users choose and ids that the service makes: `[A-Za-z0-9._-]{1,64}`. Only such text
/// is ever repeated in a message.
package enum Identifier {
    package static let rule = rule()
    package static let bytesMax = 64

    static func rule(bytesMax: Int = bytesMax) -> String {
        "1 to \(bytesMax) of the characters A-Z a-z 0-9 . _ -"
    }

    package static func isValid(_ text: String, bytesMax: Int = bytesMax) -> Bool {
        let bytes = text.utf8
        return (1...bytesMax).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// The name in backticks, or how long it is where it must not be repeated.
    static func shown(_ text: String) -> String {
        isValid(text) ? "`\(text)`" : "a text of \(text.utf8.count) bytes"
    }

    /// `a`, `b`, `c` and 4 more.
    static func list(_ names: some Collection<String>, max: Int = 8) -> String {
        let listed = names.prefix(max).map { shown($0) }.joined(separator: ", ")
        return names.count > max ? "\(listed) and \(names.count - max) more" : listed
    }
}

/// Names that models are served under.
package enum ModelName {
    /// An identifier that cannot be mistaken for an id.
    package static func isValid(_ name: String) -> Bool {
        Identifier.isValid(name) && !name.hasPrefix("mdl_")
    }
}
