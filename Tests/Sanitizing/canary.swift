// What `scripts/sanitize` must find (`canary race`), and what it must not (`canary mutex`).
import Glibc
import Synchronization

nonisolated(unsafe) var unguarded = 0
let guarded = Mutex(0)

func work() {
    let races = CommandLine.arguments.last == "race"
    for _ in 0..<20_000 {
        if races { unguarded += 1 } else { guarded.withLock { $0 += 1 } }
    }
}

@main struct Canary {
    static func main() {
        var threads = [pthread_t](repeating: 0, count: 4)
        for index in threads.indices {
            pthread_create(
                &threads[index], nil,
                { _ in
                    work()
                    return nil
                }, nil)
        }
        for thread in threads { pthread_join(thread, nil) }
        print(unguarded + guarded.withLock { $0 })
    }
}
