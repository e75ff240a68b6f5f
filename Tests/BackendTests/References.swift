import Foundation
import Tensor

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
        interleaved: Bool, slowdown: Double = 1
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
                        Double(position) / slowdown
                        * pow(base, -2 * Double(i) / Double(dimension))
                    y[p] = x[p] * cos(angle) - x[q] * sin(angle)
                    y[q] = x[p] * sin(angle) + x[q] * cos(angle)
                }
            }
        }
        return y
    }

    /// `bias` is added to a head's score by the distance from query to key.
    static func attention(
        _ q: [Double], _ k: [Double], _ v: [Double], segments: [Range<Int>],
        keySegments: [Range<Int>]? = nil, heads: Int, keyValueHeads: Int, dimension: Int,
        causal: Bool, window: Int = .max, scale: Double? = nil,
        bias: (_ head: Int, _ distance: Int) -> Double = { _, _ in 0 }
    ) -> [Double] {
        var out = [Double](repeating: 0, count: q.count)
        let (wide, narrow) = (heads * dimension, keyValueHeads * dimension)
        for (segment, all) in zip(segments, keySegments ?? segments) {
            for row in segment {
                for head in 0..<heads {
                    let own = row * wide + head * dimension
                    let shared = head / (heads / keyValueHeads) * dimension
                    let end = causal ? row + 1 : all.upperBound
                    let keys = max(all.lowerBound, end - min(window, end))..<end
                    let scores = keys.map { key in
                        var sum = 0.0
                        for i in 0..<dimension { sum += q[own + i] * k[key * narrow + shared + i] }
                        return sum * (scale ?? 1 / Double(dimension).squareRoot())
                            + bias(head, key - row)
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

    static func activation(_ function: Activation, _ x: [Double]) -> [Double] {
        switch function {
        case .gelu: x.map { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
        case .geluTanh:
            x.map {
                0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
            }
        case .relu: x.map { max($0, 0) }
        case .tanh: x.map { tanh($0) }
        }
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
