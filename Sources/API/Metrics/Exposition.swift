import HTTP

/// Text in Prometheus' exposition format 0.0.4: families in order, each with its help and type.
struct Exposition {
    enum Kind: String { case counter, gauge, histogram }

    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// Begins a family; its samples follow.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(
        _ name: String, _ value: Double, _ labels: KeyValuePairs<String, String> = [:]
    ) {
        text += "\(name)\(Self.rendered(labels)) \(Self.rendered(value))\n"
    }

    /// A family of one sample.
    mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        family(name, kind, help)
        sample(name, value)
    }

    /// A histogram's cumulative buckets, sum and count.
    mutating func histogram(
        _ name: String, _ histogram: DurationHistogram, route: String
    ) {
        var total: UInt64 = 0
        for (bound, count) in zip(DurationHistogram.bounds, histogram.counts) {
            total += count
            sample(
                "\(name)_bucket", Double(total), ["route": route, "le": Self.rendered(bound)])
        }
        sample("\(name)_bucket", Double(histogram.count), ["route": route, "le": "+Inf"])
        sample("\(name)_sum", histogram.sum, ["route": route])
        sample("\(name)_count", Double(histogram.count), ["route": route])
    }

    private static func rendered(_ labels: KeyValuePairs<String, String>) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { name, value in "\(name)=\"\(escaped(value))\"" }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    private static func escaped(_ value: String) -> String {
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func rendered(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        let whole = Int64(exactly: value)
        return whole.map(String.init) ?? value.description
    }
}
