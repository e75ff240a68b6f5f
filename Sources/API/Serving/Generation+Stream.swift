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
            if case .delta(let delta) = output { try await writer.write(chunk(delta)) }
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
            try await writer.write(chunk([GenerationRecord.choice(choice, "", reason, nil)]))
        }
        if parameters.includeUsage {
            try await writer.write(
                ServerSentEvents.event(
                    object(
                        "text_completion.chunk",
                        [
                            "choices": [], "usage": record.usageJSON, "timings": record.timings,
                        ])))
        }
        try await writer.write(ServerSentEvents.done)
    }

    private func chunk(_ delta: GenerateDelta) -> [UInt8] {
        let logprobs = parameters.sampling.logprobs > 0 ? delta.logprobs : nil
        return chunk([
            GenerationRecord.choice(delta.choice, delta.text, delta.finishReason, logprobs)
        ])
    }

    private func chunk(_ choices: [JSON]) -> [UInt8] {
        ServerSentEvents.event(object("text_completion.chunk", ["choices": .array(choices)]))
    }
}
