/// `/v1/runs/{id}` cut into literals and parameters.
struct RoutePattern: Sendable {
    private enum Segment: Sendable {
        case literal(String)
        case parameter(String)
    }
    private let segments: [Segment]
    /// Fewer parameters match first.
    let parameterCount: Int

    init(_ pattern: String) {
        segments = pattern.utf8.split(separator: UInt8(ascii: "/")).map { segment in
            let text = String(Substring(segment))
            guard text.hasPrefix("{"), text.hasSuffix("}") else { return .literal(text) }
            return .parameter(String(text.dropFirst().dropLast()))
        }
        parameterCount = segments.count { if case .parameter = $0 { true } else { false } }
    }

    /// The parameters by name; nil when the path is another one. O(segments).
    func match(_ path: PathSegments) -> [String: String]? {
        guard path.segments.count == segments.count else { return nil }
        for (segment, sent) in zip(segments, path.segments) {
            if case .literal(let text) = segment, !text.utf8.elementsEqual(sent.utf8) {
                return nil
            }
        }
        var parameters: [String: String] = [:]
        for (segment, sent) in zip(segments, path.segments) {
            guard case .parameter(let name) = segment else { continue }
            guard let value = try? PathSegments.decode(sent) else { return nil }
            parameters[name] = value
        }
        return parameters
    }
}
