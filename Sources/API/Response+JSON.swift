import HTTP
import JSON
import Store

extension Response {
    static func json(_ value: JSON, status: Int = 200) -> Response {
        var fields = Fields()
        fields["Content-Type"] = "application/json"
        return Response(status, fields, body: .bytes(value.bytes()))
    }

    /// Holds permits as long as the answer is being sent, where that is the work.
    func holding(_ permits: [Permit]) -> Response {
        guard !permits.isEmpty else { return self }
        func held(
            _ write: @escaping @Sendable (StreamWriter) async throws -> Void
        ) -> @Sendable (StreamWriter) async throws -> Void {
            { writer in
                try await write(writer)
                withExtendedLifetime(permits) {}
            }
        }
        var response = self
        switch body {
        case .none, .bytes: break
        case .stream(let write): response.body = .stream(held(write))
        case .sized(let count, let write): response.body = .sized(count, held(write))
        case .live(let write): response.body = .live(held(write))
        }
        return response
    }

    /// `{object:"list",data,first_id,last_id,has_more}`.
    static func list(_ items: [(id: String, value: JSON)], hasMore: Bool) -> Response {
        .json([
            "object": "list", "data": .array(items.map(\.value)),
            "first_id": items.first.map { .string($0.id) } ?? .null,
            "last_id": items.last.map { .string($0.id) } ?? .null, "has_more": .bool(hasMore),
        ])
    }
}

extension JSON {
    static func count(_ value: Int) -> JSON { .integer(Int64(value)) }
    /// A measured value; what is not finite becomes null.
    static func measure(_ value: Double?) -> JSON {
        guard let value, value.isFinite else { return .null }
        return .number(value)
    }
    static func optional(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
    static func strings(_ texts: [String]?) -> JSON {
        texts.map { .array($0.map { .string($0) }) } ?? .null
    }
    /// Whole seconds since 1970, as the SDKs expect a creation time.
    static func seconds(_ time: Double?) -> JSON {
        guard let time, time.isFinite, abs(time) < 1e15 else { return .null }
        return .integer(Int64(time))
    }
}

extension PageQuery {
    init(_ page: PageRequest) {
        self.init(limit: page.limit, after: page.after, descending: page.descending)
    }
}
