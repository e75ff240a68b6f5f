/// One thing that `doctor` looked at.
struct Finding: Equatable {
    enum Verdict: String { case ok, warn, fail }

    var verdict: Verdict
    var subject: String
    var what: String
    /// What to do about it; nil when it is fine.
    var advice: String?

    static func ok(_ subject: String, _ what: String) -> Finding {
        Finding(verdict: .ok, subject: subject, what: what, advice: nil)
    }

    static func warn(_ subject: String, _ what: String, _ advice: String) -> Finding {
        Finding(verdict: .warn, subject: subject, what: what, advice: advice)
    }

    static func fail(_ subject: String, _ what: String, _ advice: String) -> Finding {
        Finding(verdict: .fail, subject: subject, what: what, advice: advice)
    }

    /// `ok    memory         31.2 GiB, 20.0 GiB available`, with the advice on a line below.
    var text: String {
        let line = Self.padded(verdict.rawValue, 6) + Self.padded(subject, 15) + what
        return advice.map { "\(line)\n\(String(repeating: " ", count: 21))→ \($0)" } ?? line
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
