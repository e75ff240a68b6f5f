internal import Glibc

/// Values to pixels along one axis, with ticks at round numbers.
struct Scale {
    let low: Double
    let high: Double
    let pixels: ClosedRange<Double>
    /// Pixels grow downwards: the largest value is at the top.
    let isUpwards: Bool
    private let step: Double

    /// - Parameter values: to be covered; at least a little is, where they are all the same.
    init(_ values: [Double], pixels: ClosedRange<Double>, isUpwards: Bool = false, ticks: Int = 5) {
        let finite = values.filter(\.isFinite)
        var low = finite.min() ?? 0
        var high = finite.max() ?? 1
        if high - low < 1e-9 * max(1, abs(high)) {
            let pad = max(0.01, abs(high) * 0.05)
            (low, high) = (low - pad, high + pad)
        }
        let raw = (high - low) / Double(ticks)
        let power = pow(10, floor(log10(raw)))
        let step = [1, 2, 5, 10].first { $0 * power >= raw * 0.999 }.map { $0 * power } ?? raw
        self.low = floor(low / step + 1e-9) * step
        self.high = ceil(high / step - 1e-9) * step
        self.step = step
        self.pixels = pixels
        self.isUpwards = isUpwards
    }

    var ticks: [Double] {
        let count = Int(((high - low) / step).rounded())
        return (0...max(1, count)).map { low + Double($0) * step }
    }

    func pixel(_ value: Double) -> Double {
        let share = (value - low) / (high - low)
        let length = pixels.upperBound - pixels.lowerBound
        return isUpwards
            ? pixels.upperBound - share * length : pixels.lowerBound + share * length
    }

    /// A tick as text, with as many decimals as the step needs.
    func label(_ value: Double) -> String {
        let decimals = max(0, Int(-floor(log10(step) + 1e-9)))
        guard decimals > 0 else {
            return abs(value) < 1e15 ? "\(Int(value.rounded()))" : "\(value)"
        }
        guard decimals < 8 else { return "\(value)" }
        let scale = pow(10, Double(decimals))
        let rounded = (value * scale).rounded() / scale
        return rounded == 0 ? "0" : "\(rounded)"
    }
}
