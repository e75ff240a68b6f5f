import Foundation

/// Straightforward double-precision definitions of the ops.
enum Reference {
    static func rmsNorm(_ x: [Double], _ gain: [Double], epsilon: Double) -> [Double] {
        rows(x, gain.count) { row in
            let scale =
                1
                / (row.map { $0 * $0 }.reduce(0, +) / Double(row.count) + epsilon)
                .squareRoot()
            return zip(row, gain).map { $0 * scale * $1 }
        }
    }

    static func layerNorm(
        _ x: [Double], _ gain: [Double], _ bias: [Double], epsilon: Double
    ) -> [Double] {
        rows(x, gain.count) { row in
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(row.count)
            let scale = 1 / (variance + epsilon).squareRoot()
            return row.indices.map { i in
                let normed: Double = (row[i] - mean) * scale
                return normed * gain[i] + bias[i]
            }
        }
    }

    /// x `[n, k]`, w `[m, k]`.
    static func linear(_ x: [Double], _ w: [Double], k: Int, bias: [Double]? = nil) -> [Double] {
        let m = w.count / k
        return rows(x, k) { row in
            (0..<m).map { j in
                var sum: Double = bias?[j] ?? 0
                for i in 0..<k { sum += row[i] * w[j * k + i] }
                return sum
            }
        }
    }

    static func rotary(
        _ x: [Double], positions: [Int32], width: Int, dimension: Int, base: Double,
        interleaved: Bool
    ) -> [Double] {
        var y = x
        for (n, position) in positions.enumerated() {
            for head in 0..<width / dimension {
                for i in 0..<dimension / 2 {
                    let start = n * width + head * dimension
                    let (p, q) =
                        interleaved
                        ? (start + 2 * i, start + 2 * i + 1)
                        : (start + i, start + i + dimension / 2)
                    let angle =
                        Double(position) * pow(base, -2 * Double(i) / Double(dimension))
                    y[p] = x[p] * cos(angle) - x[q] * sin(angle)
                    y[q] = x[p] * sin(angle) + x[q] * cos(angle)
                }
            }
        }
        return y
    }

    static func attention(
        _ q: [Double], _ k: [Double], _ v: [Double], segments: [Range<Int>], heads: Int,
        keyValueHeads: Int, dimension: Int, causal: Bool
    ) -> [Double] {
        var out = [Double](repeating: 0, count: q.count)
        let (wide, narrow) = (heads * dimension, keyValueHeads * dimension)
        for segment in segments {
            for row in segment {
                for head in 0..<heads {
                    let own = row * wide + head * dimension
                    let shared = head / (heads / keyValueHeads) * dimension
                    let keys = segment.lowerBound..<(causal ? row + 1 : segment.upperBound)
                    let scores = keys.map { key in
                        var sum = 0.0
                        for i in 0..<dimension { sum += q[own + i] * k[key * narrow + shared + i] }
                        return sum / Double(dimension).squareRoot()
                    }
                    for (p, key) in zip(softmax(scores), keys) {
                        for i in 0..<dimension { out[own + i] += p * v[key * narrow + shared + i] }
                    }
                }
            }
        }
        return out
    }

    static func softmax(_ x: [Double]) -> [Double] {
        let top = x.max() ?? 0
        let exponentials = x.map { exp($0 - top) }
        let sum = exponentials.reduce(0, +)
        return exponentials.map { $0 / sum }
    }

    static func swiGLU(_ gate: [Double], _ up: [Double]) -> [Double] {
        zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 }
    }

    static func gelu(_ x: [Double]) -> [Double] {
        x.map { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
    }

    static func crossEntropy(_ logits: [Double], classes: Int, targets: [Int32]) -> [Double] {
        targets.enumerated().map { n, target in
            -log(softmax(Array(logits[n * classes..<(n + 1) * classes]))[Int(target)])
        }
    }

    static func rows(_ x: [Double], _ width: Int, _ body: ([Double]) -> [Double]) -> [Double] {
        stride(from: 0, to: x.count, by: width).flatMap { body(Array(x[$0..<$0 + width])) }
    }
}
