/// A matrix of numbers, each cell tinted by its size.
struct HeatMap {
    struct Cell {
        var text: String
        /// −1…1: how strong, and towards bad or good; `nil`: no tint.
        var tint: Double?
        /// Framed, as one to look at.
        var isMarked = false
    }

    var title: String
    var rows: [String]
    var columns: [String]
    /// By row.
    var cells: [[Cell]]

    private static let cell = (width: 84.0, height: 30.0)

    /// In a frame that scrolls where the matrix is wider than the page.
    var html: String {
        guard !rows.isEmpty, !columns.isEmpty else { return "" }
        let names = rows.map { Markup.short($0, 30) }
        let left = 12 + (names.map { Markup.width($0) }.max() ?? 0)
        let top = 28.0
        var body = ""
        for (index, column) in columns.enumerated() {
            body += Markup.text(
                left + (Double(index) + 0.5) * Self.cell.width, top - 9, Markup.short(column, 12),
                anchor: "middle", style: "tick")
        }
        for (row, name) in names.enumerated() {
            let y = top + Double(row) * Self.cell.height
            body += Markup.text(left - 8, y + 20, name, anchor: "end")
            for (column, cell) in cells[row].enumerated() {
                body += square(cell, left + Double(column) * Self.cell.width, y)
            }
        }
        let drawing = Markup.svg(
            left + Double(columns.count) * Self.cell.width + 4,
            top + Double(rows.count) * Self.cell.height + 4, title, body)
        return "<div class=\"wide map\">\(drawing)</div>"
    }

    private func square(_ cell: Cell, _ x: Double, _ y: Double) -> String {
        let tint = max(-1, min(1, cell.tint ?? 0))
        let opacity = Double(Int(abs(tint) * 55)) / 100
        let place =
            "x=\"\(Markup.at(x + 1))\" y=\"\(Markup.at(y + 1))\" width=\"\(Markup.at(Self.cell.width - 2))\" "
            + "height=\"\(Markup.at(Self.cell.height - 2))\""
        let frame = cell.isMarked ? " marked" : ""
        return
            "<rect \(place) class=\"cell \(tint < 0 ? "bad" : "good")\(frame)\" fill-opacity=\"\(opacity)\"/>"
            + Markup.text(
                x + Self.cell.width / 2, y + 20, cell.text, anchor: "middle")
    }
}
