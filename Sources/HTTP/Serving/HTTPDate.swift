internal import Glibc
internal import Sockets

/// The Date of every answer (RFC 9110 §5.6.7), made once a second.
struct HTTPDate {
    private var second: time_t = -1
    /// `Mon, 23 Nov 2026 10:42:24 GMT`.
    private(set) var text: [UInt8] = []

    /// Makes it the text for now.
    mutating func advance() {
        let current = SystemCalls.wallSeconds()
        if current != second {
            second = current
            text = Self.format(current)
        }
    }

    static func format(_ seconds: time_t) -> [UInt8] {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map(twoDigits)
        let date =
            "\(days[Int(parts.tm_wday)]), \(twoDigits(parts.tm_mday)) "
            + "\(months[Int(parts.tm_mon)]) \(Int(parts.tm_year) + 1900) "
        return Array((date + time.joined(separator: ":") + " GMT").utf8)
    }

    private static func twoDigits(_ value: Int32) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
