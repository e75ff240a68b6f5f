/// Numbers in sentences.
package enum Figure {
    /// About three significant digits; "unknown" for what is not finite.
    package static func shown(_ value: Double) -> String {
        guard value.isFinite else { return "unknown" }
        guard value != 0 else { return "0" }
        var (scale, size) = (1.0, abs(value))
        while size < 100, scale < 1e12 { (scale, size) = (scale * 10, size * 10) }
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() && abs(rounded) < 1e15
            ? "\(Int(rounded))" : "\(rounded)"
    }
}
