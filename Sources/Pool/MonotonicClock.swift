import Glibc

/// The system's clock that never goes back.
package enum MonotonicClock {
    package static func seconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Where an operator looks when something is wrong.
package enum StandardError {
    package static func line(_ text: String) {
        let bytes = Array("polytask: \(text)\n".utf8)
        _ = write(2, bytes, bytes.count)
    }
}
