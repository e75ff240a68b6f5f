import JSON

extension JSON {
    /// For reading: a member a line, short arrays and objects on one.
    func indented(_ depth: Int = 0) -> String {
        let inner = String(repeating: "  ", count: depth + 1)
        let outer = String(repeating: "  ", count: depth)
        guard text.count > 72 - 2 * depth else { return text }
        switch self {
        case .array(let elements):
            let lines = elements.map { inner + $0.indented(depth + 1) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(outer)]"
        case .object(let object):
            let lines = object.members.map { member in
                "\(inner)\(JSON.string(member.name).text): \(member.value.indented(depth + 1))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
        default: return text
        }
    }
}
