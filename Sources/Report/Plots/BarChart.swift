/// One bar a task, with its number.
struct BarChart {
    var title: String
    var bars: [(name: String, value: Double, text: String)]

    var svg: String {
        guard !bars.isEmpty else { return "" }
        let names = bars.map { Markup.short($0.name, 30) }
        let left = 12 + (names.map { Markup.width($0) }.max() ?? 0)
        let largest = max(bars.map(\.value).filter(\.isFinite).max() ?? 0, 1e-12)
        var body = ""
        for (index, bar) in bars.enumerated() {
            let y = Double(index) * 26
            let length = bar.value.isFinite ? max(0, bar.value) / largest * 260 : 0
            body += Markup.text(left - 8, y + 18, names[index], anchor: "end")
            body +=
                "<rect x=\"\(Markup.at(left))\" y=\"\(Markup.at(y + 5))\" width=\"\(Markup.at(length))\" height=\"17\" class=\"bar s\(index % 8)\"/>"
            body += Markup.text(left + length + 6, y + 18, bar.text, style: "tick")
        }
        let right = bars.map { Markup.width($0.text) }.max() ?? 0
        return Markup.svg(left + 270 + right, Double(bars.count) * 26 + 6, title, body)
    }
}
