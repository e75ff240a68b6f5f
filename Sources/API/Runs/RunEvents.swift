import HTTP
import JSON
import Store
import Synchronization

extension API {
    /// GET /v1/runs/{id}/events: a page, or with `follow=true` a stream until the run is over.
    @Sendable func runEvents(_ request: Request) async throws -> Response {
        var query = try QueryReader(request)
        let follow = try query.flag("follow") ?? false
        let limit = try query.integer("limit", in: 1...limits.pageRowsMax) ?? 100
        let last = try request.lastEventID()
        let after = try query.integer("after", in: 0...Int.max).map { Int64($0) } ?? last ?? 0
        try query.finish()
        let id = try request.id("run")
        let (status, events) = try await stored { store in
            (try store.run(id).status, try store.events(run: id, after: after, limit: limit + 1))
        }
        guard follow else {
            let items = events.prefix(limit).map { (String($0.number), $0.json) }
            return .list(items, hasMore: events.count > limit)
        }
        // 204 tells a reconnecting EventSource that there will be nothing more.
        if last != nil && status.isOver && events.isEmpty { return Response(204) }
        let place = try FollowerPlace(self)
        return Response(
            200, ServerSentEvents.fields,
            body: .stream { [self] writer in
                try await self.follow(id, after: after, writer)
                place.release()
            })
    }

    private func follow(_ id: String, after: Int64, _ writer: StreamWriter) async throws {
        var after = after
        var quietSeconds = 0.0
        while true {
            let from = after
            // The status is read first: what is over then has all its events in the batch.
            let (status, events) = try await stored { store in
                (try store.run(id).status, try store.events(run: id, after: from, limit: 200))
            }
            for event in events {
                try await writer.write(
                    ServerSentEvents.event(event.json, id: event.number, name: event.kind))
                after = event.number
            }
            if !events.isEmpty {
                quietSeconds = 0
                continue
            }
            if status.isOver || isDraining { return }
            try await Task.sleep(for: .seconds(limits.pollSeconds))
            quietSeconds += limits.pollSeconds
            if quietSeconds >= limits.pingSeconds {
                try await writer.write(ServerSentEvents.ping)
                quietSeconds = 0
            }
        }
    }
}

/// One of the streams that may follow at the same time; freed at the latest when it is dropped.
private final class FollowerPlace: Sendable {
    private let api: API
    private let isHeld = Atomic<Bool>(true)

    init(_ api: API) throws {
        self.api = api
        let count = api.followers.add(1, ordering: .relaxed).newValue
        guard count <= api.limits.followersMax else {
            throw APIError(
                .overloaded,
                "at most \(api.limits.followersMax) streams may follow runs at the same time")
        }
    }

    func release() {
        if isHeld.exchange(false, ordering: .relaxed) {
            api.followers.subtract(1, ordering: .relaxed)
        }
    }

    deinit { release() }
}

extension Request {
    /// Where a broken stream goes on.
    fileprivate func lastEventID() throws -> Int64? {
        guard let text = fields["Last-Event-ID"], !text.isEmpty else { return nil }
        guard let number = QueryReader.decimal(text) else {
            throw APIError(
                .invalidValue, "Last-Event-ID must be the number of an event",
                parameter: "Last-Event-ID")
        }
        return Int64(number)
    }
}

extension EventRecord {
    var json: JSON {
        [
            "id": .integer(number), "object": "run.event", "run": .string(run),
            "time": .measure(time), "kind": .string(kind), "message": .string(message),
        ]
    }
}
