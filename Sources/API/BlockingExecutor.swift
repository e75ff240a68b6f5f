// Threads for calls that wait on the disk, so that no reactor thread ever does.
import Glibc

/// Runs synchronous work on threads of its own, first come first served.
package final class BlockingExecutor: Sendable {
    private let queue: Queue

    /// - Parameter waitingMax: work that may wait; more is refused as `overloaded`.
    package init(threads: Int, waitingMax: Int) {
        let queue = Queue(waitingMax: waitingMax)
        self.queue = queue
        for _ in 0..<max(threads, 1) { Self.startThread { queue.work() } }
    }

    deinit { queue.close() }

    /// - Throws: what `work` throws, or `APIError` `overloaded`.
    package func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            let accepted = queue.push { continuation.resume(with: Result { try work() }) }
            if !accepted {
                continuation.resume(
                    throwing: APIError(.overloaded, "the store is busy; try again shortly"))
            }
        }
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(ThreadBody(body))
        let code = pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<ThreadBody>.fromOpaque(pointer).takeRetainedValue().body()
                return nil
            }, context.toOpaque())
        precondition(code == 0, "a thread could not be started")
        pthread_detach(thread)
    }

    private final class ThreadBody: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

extension BlockingExecutor {
    // @unchecked because every access to the mutable state holds `mutex`.
    private final class Queue: @unchecked Sendable {
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private var waiting: [@Sendable () -> Void] = []
        private var head = 0
        private var isClosed = false
        private let waitingMax: Int

        init(waitingMax: Int) {
            self.waitingMax = waitingMax
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(changed, nil)
        }

        deinit {
            pthread_cond_destroy(changed)
            pthread_mutex_destroy(mutex)
            changed.deallocate()
            mutex.deallocate()
        }

        func push(_ work: @escaping @Sendable () -> Void) -> Bool {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            guard waiting.count - head < waitingMax, !isClosed else { return false }
            waiting.append(work)
            pthread_cond_signal(changed)
            return true
        }

        func close() {
            pthread_mutex_lock(mutex)
            isClosed = true
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }

        /// The thread's loop; returns once closed and empty.
        func work() {
            while let work = next() { work() }
        }

        private func next() -> (@Sendable () -> Void)? {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            while head == waiting.count {
                if isClosed { return nil }
                pthread_cond_wait(changed, mutex)
            }
            let work = waiting[head]
            head += 1
            if head == waiting.count || head > 256 {
                waiting.removeFirst(head)
                head = 0
            }
            return work
        }
    }
}
