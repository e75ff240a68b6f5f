import Glibc

/// What the kernel says of this process.
struct ProcessFigures {
    var cpuSeconds: Double
    var residentBytes: Double
    /// Seconds since 1970.
    var startTime: Double

    init(startTime: Double) {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        cpuSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
        residentBytes = Self.residentPages() * Double(sysconf(Int32(_SC_PAGESIZE)))
        self.startTime = startTime
    }

    private static func seconds(_ time: timeval) -> Double {
        Double(time.tv_sec) + Double(time.tv_usec) / 1e6
    }

    /// The second number of `/proc/self/statm`; 0 where there is none.
    private static func residentPages() -> Double {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(descriptor, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Double(fields[1]) ?? 0 : 0
    }
}
