/// A value in a URL's query: everything but RFC 3986's unreserved characters is escaped.
enum PercentEncoding {
    private static let kept = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
    private static let digits = Array("0123456789ABCDEF")

    static func query(_ text: String) -> String {
        text.utf8.reduce(into: "") { output, byte in
            if kept.contains(byte) {
                output.unicodeScalars.append(UnicodeScalar(byte))
            } else {
                output += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }
}
