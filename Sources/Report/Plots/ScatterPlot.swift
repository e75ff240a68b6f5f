/// Points on a plane, told apart by colour and by shape. Axes are left out where they mean nothing.
struct ScatterPlot {
    var title: String
    /// Of the whole of several plots that share their scales.
    var extent: [(x: Double, y: Double)]
    var points: [(x: Double, y: Double, series: Int)]

    private static let size = 310.0

    var svg: String {
        guard !points.isEmpty else { return "" }
        // One unit is as long across as up.
        let (xs, ys) = (extent.map(\.x), extent.map(\.y))
        let (left, right) = (xs.min() ?? 0, xs.max() ?? 1)
        let (bottom, top) = (ys.min() ?? 0, ys.max() ?? 1)
        let span = max(right - left, top - bottom, 1e-12)
        let inner = Self.size - 24
        func place(_ point: (x: Double, y: Double)) -> (Double, Double) {
            (
                12 + inner * (0.5 + (point.x - (left + right) / 2) / span),
                34 + inner * (0.5 - (point.y - (bottom + top) / 2) / span)
            )
        }
        var body =
            "<rect x=\"1\" y=\"23\" width=\"\(Markup.at(Self.size - 2))\" height=\"\(Markup.at(Self.size - 2))\" class=\"frame\"/>"
        body += Markup.text(4, 15, title)
        for point in points {
            let (x, y) = place((point.x, point.y))
            body += Self.mark(x, y, point.series)
        }
        return Markup.svg(Self.size, Self.size + 24, title, body)
    }

    /// A small shape in the colour of a series.
    static func mark(_ x: Double, _ y: Double, _ series: Int) -> String {
        let style = "class=\"mark s\(series % 8)\""
        func point(_ dx: Double, _ dy: Double) -> String {
            "\(Markup.at(x + dx)),\(Markup.at(y + dy))"
        }
        // Of one colour are series 8 apart, whose shapes are others.
        switch (series + series / 8) % 4 {
        case 0: return "<circle cx=\"\(Markup.at(x))\" cy=\"\(Markup.at(y))\" r=\"3.2\" \(style)/>"
        case 1:
            return
                "<rect x=\"\(Markup.at(x - 3))\" y=\"\(Markup.at(y - 3))\" width=\"6\" height=\"6\" \(style)/>"
        case 2:
            return
                "<polygon points=\"\(point(0, -4)) \(point(3.7, 3)) \(point(-3.7, 3))\" \(style)/>"
        default:
            return
                "<polygon points=\"\(point(0, -4)) \(point(4, 0)) \(point(0, 4)) \(point(-4, 0))\" \(style)/>"
        }
    }

    /// Names beside their marks.
    static func legend(_ names: [String]) -> String {
        var x = 4.0
        var y = 14.0
        var body = ""
        for (series, name) in names.enumerated() {
            let label = Markup.short(name)
            let width = 26 + Markup.width(label)
            if x + width > 640 { (x, y) = (4, y + 20) }
            body += mark(x + 6, y - 4, series) + Markup.text(x + 15, y, label)
            x += width
        }
        return Markup.svg(640, y + 8, "The tasks' marks", body)
    }
}
