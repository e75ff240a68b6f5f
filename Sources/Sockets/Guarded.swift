internal import Glibc

/// A value behind a mutex, for a few synchronous lines.
///
/// A pthread mutex, because the thread sanitizer does not see `Synchronization.Mutex` on Linux.
package final class Guarded<Value>: @unchecked Sendable {
    // @unchecked because the value is touched under the mutex only.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    package init(_ value: Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
