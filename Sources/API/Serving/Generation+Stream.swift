import HTTP
import JSON
import Pool
import WorkerProtocol

extension Generation {
    /// Deltas as they come. Until the first one an error is still an error status; after it, the
    /// stream ends with an error event and without `[DONE]`.
    func streamed(_ feed: GenerationFeed) async throws -> Response {
        guard let first = try await firstSignal(feed) else { throw CancellationError() }
        return Response(
            200, ServerSentEvents.fields,
            // The model does not wait for a client: one that falls behind ends its generation.
            body: .live { writer in
                var record = newRecord()
                for chunk in dialect.opening(self) {
                    try await writer.write(ServerSentEvents.event(chunk))
                }
                guard try await send(first, &record, writer) else { return }
                for await signal in feed.signals {
                    guard try await send(signal, &record, writer) else { return }
                }
            })
    }

    private func firstSignal(_ feed: GenerationFeed) async throws -> GenerationFeed.Signal? {
        for await signal in feed.signals {
            switch signal {
            case .ping: continue
            case .failed(let error): throw error
            case .output, .timeout, .finished: return signal
            }
        }
        return nil
    }

    /// - Returns: whether the stream goes on.
    private func send(
        _ signal: GenerationFeed.Signal, _ record: inout GenerationRecord, _ writer: StreamWriter
    ) async throws -> Bool {
        switch signal {
        case .ping:
            try await writer.write(ServerSentEvents.ping)
            return true
        case .output(let output):
            record.take(output)
            if case .delta(let delta) = output { try await write(delta, record, writer) }
            return true
        case .failed(let error):
            try await writer.write(ServerSentEvents.event(["error": Problem(error).error]))
            return false
        case .timeout:
            try await end(&record, "timeout", writer)
            return false
        case .finished:
            try await end(&record, "stop", writer)
            return false
        }
    }

    private func end(
        _ record: inout GenerationRecord, _ reason: String, _ writer: StreamWriter
    ) async throws {
        for choice in record.end(reason) {
            let last = GenerateDelta(choice: choice, text: "", tokens: 0, finishReason: reason)
            try await write(last, record, writer)
        }
        if parameters.includeUsage {
            try await writer.write(ServerSentEvents.event(dialect.usage(self, record)))
        }
        try await writer.write(ServerSentEvents.done)
    }

    private func write(
        _ delta: GenerateDelta, _ record: GenerationRecord, _ writer: StreamWriter
    ) async throws {
        for chunk in dialect.chunks(self, delta, record) {
            try await writer.write(ServerSentEvents.event(chunk))
        }
    }
}
