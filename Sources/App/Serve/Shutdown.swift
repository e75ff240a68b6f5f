import Dispatch
import Glibc

/// SIGTERM and SIGINT: the first asks for an orderly end, the second ends at once.
final class Shutdown: Sendable {
    private let requests: AsyncStream<Void>
    // Held so that the signals stay watched; never touched again.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    init() {
        signal(SIGPIPE, SIG_IGN)
        // A file that may not grow is an error of the write, not the end of the process.
        signal(SIGXFSZ, SIG_IGN)
        let (requests, continuation) = AsyncStream.makeStream(of: Void.self)
        self.requests = requests
        let queue = DispatchQueue(label: "polytask.signals")
        let count = Counter()
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                count.value += 1
                if count.value > 1 { _exit(130) }
                continuation.yield()
            }
            source.resume()
            return source
        }
    }

    /// Returns at the first signal.
    func requested() async {
        for await _ in requests { return }
    }

    /// A deadline for everything that follows.
    func exit(afterSeconds seconds: Int) {
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(seconds)) { _exit(1) }
    }

    // @unchecked because only the serial signal queue touches it.
    private final class Counter: @unchecked Sendable { var value = 0 }
}
