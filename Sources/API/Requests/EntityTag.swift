import HTTP
import Store

/// Entity tags and the conditions made of them (RFC 9110, sections 8.8.3 and 13.1).
enum EntityTag {
    /// A strong tag of an answer's bytes.
    static func of(_ bytes: [UInt8]) -> String {
        "\"\(SHA256.hex(bytes).prefix(32))\""
    }

    /// The opaque parts of a field such as `"a", W/"b"`; nil: any (`*`).
    /// - Throws: `APIError` when it is no list of tags.
    static func list(_ field: String, name: String) throws -> Set<String>? {
        let members = field.split(separator: ",").map { member in
            String(member.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " }.reversed())
        }
        if members == ["*"] { return nil }
        let tags = members.map { member -> String? in
            let tag = member.hasPrefix("W/") ? String(member.dropFirst(2)) : member
            guard tag.utf8.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\"") else { return nil }
            let text = tag.dropFirst().dropLast()
            return text.contains("\"") ? nil : String(text)
        }
        guard !tags.isEmpty, !tags.contains(nil) else {
            throw APIError(
                .invalidValue, "`\(name)` must be * or a list of quoted entity tags",
                parameter: name)
        }
        return Set(tags.compactMap(\.self))
    }
}

extension Request {
    /// What If-Match and If-None-Match ask of an alias, whose tag is its model's id.
    func aliasCondition() throws -> AliasCondition {
        if let field = fields["If-Match"] {
            return try EntityTag.list(field, name: "If-Match").map { .pointsAt($0) } ?? .exists
        }
        if let field = fields["If-None-Match"] {
            guard try EntityTag.list(field, name: "If-None-Match") == nil else {
                throw APIError.invalid("If-None-Match", "can only be * here: make, never replace")
            }
            return .absent
        }
        return .none
    }
}

extension Response {
    /// Tags a whole answer to a GET; 304 where the client has it.
    func tagged(for request: Request) throws -> Response {
        guard request.method == .get || request.method == .head, status.code == 200,
            case .bytes(let bytes) = body
        else { return self }
        var response = self
        let tag = fields["ETag"] ?? EntityTag.of(bytes)
        response.fields["ETag"] = tag
        guard let field = request.fields["If-None-Match"] else { return response }
        let known = try EntityTag.list(field, name: "If-None-Match")
        guard known.map({ $0.contains(String(tag.dropFirst().dropLast())) }) ?? true else {
            return response
        }
        response.status = Status(304)
        response.fields["Content-Type"] = nil
        response.body = .none
        return response
    }
}
