import CLinux  // the importer may give its `timespec` to either module
import Glibc

/// The system's clock that never goes back.
enum Seconds {
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
