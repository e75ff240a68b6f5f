import Pool

/// The output of one generation with the clock beside it: what to send, when to ping, when to
/// give up. Dropping or ending the iteration of `signals` cancels the generation.
struct GenerationFeed: Sendable {
    enum Signal: Sendable {
        case output(GenerateOutput)
        case ping
        case timeout
        /// The generation is complete.
        case finished
        case failed(any Error)
    }

    let signals: AsyncStream<Signal>

    init(
        _ output: AsyncThrowingStream<GenerateOutput, any Error>, timeoutMilliseconds: Int,
        pingSeconds: Double
    ) {
        let (signals, continuation) = AsyncStream.makeStream(of: Signal.self)
        self.signals = signals
        let pump = Task {
            do {
                for try await item in output { continuation.yield(.output(item)) }
                continuation.yield(.finished)
            } catch {
                continuation.yield(.failed(error))
            }
            continuation.finish()
        }
        let pings = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .seconds(pingSeconds))
                continuation.yield(.ping)
            }
        }
        let deadline = Task {
            try await Task.sleep(for: .milliseconds(timeoutMilliseconds))
            continuation.yield(.timeout)
            continuation.finish()
        }
        continuation.onTermination = { _ in
            pump.cancel()
            pings.cancel()
            deadline.cancel()
        }
    }
}
