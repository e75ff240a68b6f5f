/// The `traceparent` field (W3C Trace Context, level 1): which trace a request belongs to.
package struct TraceParent: Sendable, Equatable {
    package let traceID: String
    package let parentID: String

    /// nil unless it is well-formed, `00-<32 hex>-<16 hex>-<2 hex>` with ids that are not zero
    /// (section 3.2.2); a malformed one is ignored, as section 4.3 asks.
    package init?(_ field: String) {
        let parts = field.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, Self.isHex(parts[0], 2), parts[0] != "ff",
            parts[0] != "00" || parts.count == 4, Self.isHex(parts[1], 32),
            Self.isHex(parts[2], 16), Self.isHex(parts[3], 2),
            parts[1].contains(where: { $0 != "0" }), parts[2].contains(where: { $0 != "0" })
        else { return nil }
        traceID = String(parts[1])
        parentID = String(parts[2])
    }

    private static func isHex(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
