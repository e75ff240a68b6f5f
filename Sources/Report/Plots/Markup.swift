// Text into HTML and SVG: everything that comes from a user passes through `escaped`.

enum Markup {
    /// Text that cannot end an element, an attribute or a comment.
    static func escaped(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;"
            case "<": output += "&lt;"
            case ">": output += "&gt;"
            case "\"": output += "&quot;"
            case "'": output += "&#39;"
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output
    }

    /// A coordinate, to a tenth of a pixel.
    static func at(_ value: Double) -> String {
        let tenths = (value * 10).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
    }

    /// A picture with its description, for those who cannot see it.
    static func svg(_ width: Double, _ height: Double, _ description: String, _ body: String)
        -> String
    {
        """
        <svg viewBox="0 0 \(at(width)) \(at(height))" width="\(at(width))" role="img" \
        aria-label="\(escaped(description))"><title>\(escaped(description))</title>\(body)</svg>
        """
    }

    static func text(
        _ x: Double, _ y: Double, _ text: String, anchor: String = "start", style: String = ""
    ) -> String {
        let look = style.isEmpty ? "" : " class=\"\(style)\""
        return
            "<text x=\"\(at(x))\" y=\"\(at(y))\" text-anchor=\"\(anchor)\"\(look)>\(escaped(text))</text>"
    }

    static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String)
        -> String
    {
        "<line x1=\"\(at(x1))\" y1=\"\(at(y1))\" x2=\"\(at(x2))\" y2=\"\(at(y2))\" class=\"\(style)\"/>"
    }

    /// A remark in small print.
    static func note(_ text: String) -> String {
        text.isEmpty ? "" : "<p class=\"note\">\(escaped(text))</p>"
    }

    /// How wide a label is at 12 pixels, about.
    static func width(_ text: String) -> Double { 6.8 * Double(text.count) }

    /// A name cut to fit.
    static func short(_ text: String, _ count: Int = 22) -> String {
        text.count <= count ? text : text.prefix(count - 1) + "…"
    }

    /// A table; the first column names the rows.
    static func table(_ head: [String], _ rows: [[String]]) -> String {
        let heads = head.map { "<th scope=\"col\">\(escaped($0))</th>" }.joined()
        let body = rows.map { row in
            let first = row.first.map { "<th scope=\"row\">\(escaped($0))</th>" } ?? ""
            return "<tr>\(first)\(row.dropFirst().map { "<td>\(escaped($0))</td>" }.joined())</tr>"
        }.joined(separator: "\n")
        return
            "<div class=\"wide\"><table><thead><tr>\(heads)</tr></thead><tbody>\n\(body)\n</tbody></table></div>"
    }
}
