/// Lines over a common axis, each named where it ends; told apart by colour and by dashes.
struct LineChart {
    struct Line {
        var name: String
        var points: [(x: Double, y: Double)]
    }

    /// What it shows, in words.
    var title: String
    var xLabel: String
    var lines: [Line]
    /// Values that the vertical axis covers in any case.
    var covering: [Double] = []

    private static let width = 640.0
    private static let height = 260.0

    var svg: String {
        let shown = lines.map { line in
            Line(name: line.name, points: line.points.filter { $0.x.isFinite && $0.y.isFinite })
        }
        let all = shown.flatMap(\.points)
        guard !all.isEmpty else { return "" }
        let names = shown.map { Markup.short($0.name) }
        let right = Self.width - 14 - (names.map { Markup.width($0) }.max() ?? 0)
        let x = Scale(all.map(\.x), pixels: 52...max(200, right), ticks: 6)
        let y = Scale(all.map(\.y) + covering, pixels: 14...Self.height - 40, isUpwards: true)
        var body = axes(x, y)
        var labels: [(place: Double, index: Int)] = []
        for (index, line) in shown.enumerated() where !line.points.isEmpty {
            let path = line.points.map {
                "\(Markup.at(x.pixel($0.x))),\(Markup.at(y.pixel($0.y)))"
            }
            body +=
                "<polyline class=\"line s\(index % 8)\" points=\"\(path.joined(separator: " "))\"/>"
            if line.points.count <= 30 {
                for point in path {
                    let parts = point.split(separator: ",")
                    body +=
                        "<circle class=\"dot s\(index % 8)\" cx=\"\(parts[0])\" cy=\"\(parts[1])\" r=\"2.5\"/>"
                }
            }
            if let last = line.points.last { labels.append((y.pixel(last.y), index)) }
        }
        // Names do not cover each other.
        var floor = -Double.infinity
        for label in labels.sorted(by: { $0.place < $1.place }) {
            let place = max(label.place + 4, floor + 14)
            floor = place
            body += Markup.text(
                x.pixels.upperBound + 6, place, names[label.index],
                style: "name s\(label.index % 8)")
        }
        return Markup.svg(Self.width, max(Self.height, floor + 8), title, body)
    }

    private func axes(_ x: Scale, _ y: Scale) -> String {
        var body = ""
        for tick in y.ticks {
            let place = y.pixel(tick)
            body += Markup.line(x.pixels.lowerBound, place, x.pixels.upperBound, place, "grid")
            body += Markup.text(
                x.pixels.lowerBound - 6, place + 4, y.label(tick), anchor: "end", style: "tick")
        }
        for tick in x.ticks {
            body += Markup.text(
                x.pixel(tick), Self.height - 22, x.label(tick), anchor: "middle", style: "tick")
        }
        body += Markup.line(
            x.pixels.lowerBound, y.pixels.upperBound, x.pixels.upperBound, y.pixels.upperBound,
            "axis")
        body += Markup.text(
            (x.pixels.lowerBound + x.pixels.upperBound) / 2, Self.height - 5, xLabel,
            anchor: "middle", style: "tick")
        return body
    }
}
