import Glibc

/// Messages from the thread that reads to the thread that computes, which sleeps when there are
/// none.
final class Inbox<Message: Sendable>: @unchecked Sendable {
    // because `messages` is only touched with `mutex` held.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var messages: [Message] = []
    private var isWoken = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func post(_ message: Message) {
        pthread_mutex_lock(mutex)
        messages.append(message)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Ends a wait although there is no message.
    func wake() {
        pthread_mutex_lock(mutex)
        isWoken = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Waits for the oldest message and leaves those behind it.
    func takeFirst() -> Message {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while messages.isEmpty { pthread_cond_wait(condition, mutex) }
        return messages.removeFirst()
    }

    /// All messages so far; when `waiting`, at least one, or none after `wake`.
    func take(waiting: Bool) -> [Message] {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while waiting, messages.isEmpty, !isWoken { pthread_cond_wait(condition, mutex) }
        isWoken = false
        let taken = messages
        messages = []
        return taken
    }
}
