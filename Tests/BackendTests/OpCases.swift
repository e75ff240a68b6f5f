import Tensor

extension OpCase {
    /// Odd widths, one row, no rows, more rows than a block or a piece of work.
    static let all: [OpCase] = {
        var cases = [shared(), embedding(), gather(), meanPool()]
        cases += families() + [lowRank()]
        for (n, d) in [(0, 5), (1, 7), (3, 33), (70, 16)] { cases += rowOps(rows: n, width: d) }
        for (n, k, m) in [(0, 3, 5), (1, 4, 7), (5, 3, 9), (17, 6, 21), (20, 33, 18)] {
            cases += linears(rows: n, inputs: k, outputs: m)
        }
        let packings: [[Segment]] = [
            [], [0..<1], [0..<3, 3..<4, 4..<9], [0..<66, 66..<66, 66..<71],
        ]
        for flag in [false, true] {
            cases.append(rotary(interleaved: flag))
            cases += packings.map { attention($0, causal: flag) }
        }
        return cases
    }()

    static func rowOps(rows n: Int, width d: Int) -> [OpCase] {
        let epsilon: Float = 1e-3
        return [
            OpCase(name: "rmsNorm \(n)×\(d)", shapes: [[n, d], [d]]) {
                $0.tape.rmsNorm($0.tensor(0), gain: $0.parameter(1), epsilon: epsilon)
            } reference: {
                Reference.rmsNorm($0[0], $0[1], epsilon: Double(epsilon))
            },
            OpCase(name: "layerNorm \(n)×\(d)", shapes: [[n, d], [d], [d]]) {
                $0.tape.layerNorm(
                    $0.tensor(0), gain: $0.parameter(1), bias: $0.parameter(2), epsilon: epsilon)
            } reference: {
                Reference.layerNorm($0[0], $0[1], $0[2], epsilon: Double(epsilon))
            },
            OpCase(name: "swiGLU \(n)×\(d)", shapes: [[n, d], [n, d]]) {
                $0.tape.swiGLU($0.tensor(0), $0.tensor(1))
            } reference: {
                Reference.swiGLU($0[0], $0[1])
            },
            OpCase(name: "add \(n)×\(d)", shapes: [[n, d], [n, d]]) {
                $0.tape.add($0.tensor(0), $0.tensor(1))
            } reference: {
                zip($0[0], $0[1]).map { $0 + $1 }
            },
            OpCase(name: "multiply \(n)×\(d)", shapes: [[n, d], [n, d]]) {
                $0.tape.multiply($0.tensor(0), $0.tensor(1))
            } reference: {
                zip($0[0], $0[1]).map { $0 * $1 }
            },
            OpCase(name: "scale \(n)×\(d)", shapes: [[n, d]]) {
                $0.tape.scale($0.tensor(0), by: -0.375)
            } reference: {
                $0[0].map { -0.375 * $0 }
            },
            OpCase(name: "normalize \(n)×\(d)", shapes: [[n, d]]) {
                $0.tape.normalize($0.tensor(0))
            } reference: {
                Reference.rows($0[0], d) { row in
                    let length = row.map { $0 * $0 }.reduce(0, +).squareRoot()
                    return row.map { $0 / length }
                }
            },
            OpCase(name: "columns \(n)×\(d)", shapes: [[n, d]]) {
                let x = $0.tensor(0)
                // Overlapping parts: their gradients meet.
                return $0.tape.add($0.tape.columns(x, 0..<3), $0.tape.columns(x, 2..<5))
            } reference: {
                Reference.rows($0[0], d) { row in (0..<3).map { row[$0] + row[$0 + 2] } }
            },
        ]
            + Activation.allCases.map { function in
                OpCase(name: "\(function) \(n)×\(d)", shapes: [[n, d]]) {
                    $0.tape.activate($0.tensor(0), function)
                } reference: {
                    Reference.activation(function, $0[0])
                }
            }
    }

    static func linears(rows n: Int, inputs k: Int, outputs m: Int) -> [OpCase] {
        [
            OpCase(name: "linear \(n)×\(k)→\(m)", shapes: [[n, k], [m, k]]) {
                $0.tape.linear($0.tensor(0), $0.parameter(1))
            } reference: {
                Reference.linear($0[0], $0[1], k: k)
            },
            OpCase(name: "linear with bias \(n)×\(k)→\(m)", shapes: [[n, k], [m, k], [m]]) {
                $0.tape.linear($0.tensor(0), $0.parameter(1), bias: $0.parameter(2))
            } reference: {
                Reference.linear($0[0], $0[1], k: k, bias: $0[2])
            },
        ]
    }

    static func rotary(interleaved: Bool) -> OpCase {
        let positions: [Int32] = [0, 1, 2, 0, 300]
        return OpCase(name: "rotary interleaved \(interleaved)", shapes: [[5, 12]]) {
            $0.tape.rotary(
                $0.tensor(0), positions: positions, headDimension: 6, base: 100,
                interleaved: interleaved)
        } reference: {
            Reference.rotary(
                $0[0], positions: positions, width: 12, dimension: 6, base: 100,
                interleaved: interleaved)
        }
    }

    static func attention(_ segments: [Segment], causal: Bool) -> OpCase {
        let n = segments.last?.upperBound ?? 0
        let shapes = [[n, 4 * 6], [n, 2 * 6], [n, 2 * 6]]
        return OpCase(name: "attention \(segments) causal \(causal)", shapes: shapes) {
            $0.tape.attention(
                $0.tensor(0), $0.tensor(1), $0.tensor(2), segments: segments, heads: 4,
                keyValueHeads: 2, causal: causal)
        } reference: {
            Reference.attention(
                $0[0], $0[1], $0[2], segments: segments, heads: 4, keyValueHeads: 2, dimension: 6,
                causal: causal)
        }
    }

    /// One normed tensor into three products, a residual around them: gradients meet.
    static func shared() -> OpCase {
        OpCase(name: "a block with a residual", shapes: [[5, 6], [6], [6, 6], [6, 6]]) {
            let x = $0.tensor(0)
            let h = $0.tape.rmsNorm(x, gain: $0.parameter(1), epsilon: 1e-3)
            let gate = $0.tape.linear(h, $0.parameter(2))
            let up = $0.tape.linear(h, $0.parameter(3))
            let inner = $0.tape.add($0.tape.swiGLU(gate, up), h)
            return $0.tape.add(x, $0.tape.linear(inner, $0.parameter(2)))
        } reference: {
            let h = Reference.rmsNorm($0[0], $0[1], epsilon: 1e-3)
            let gate = Reference.linear(h, $0[2], k: 6)
            let glu = Reference.swiGLU(gate, Reference.linear(h, $0[3], k: 6))
            let inner = zip(glu, h).map { $0 + $1 }
            return zip($0[0], Reference.linear(inner, $0[2], k: 6)).map { $0 + $1 }
        }
    }

    static func embedding() -> OpCase {
        let ids: [Int32] = [3, 1, 3, 0]
        return OpCase(name: "embedding", shapes: [[5, 7]]) {
            $0.tape.embedding($0.parameter(0), ids, rows: RowSpace(count: 4))
        } reference: { x in
            ids.flatMap { x[0][Int($0) * 7..<Int($0) * 7 + 7] }
        }
    }

    static func gather() -> OpCase {
        let indices: [Int32] = [2, 2, 0]
        return OpCase(name: "gather", shapes: [[4, 9]]) {
            let x = $0.tensor(0)
            let y = $0.tape.gather(x, indices, rows: RowSpace(count: 3))
            return $0.tape.add(y, $0.tape.gather(x, [0, 1, 2], rows: RowSpace(count: 3)))
        } reference: { x in
            var y: [Double] = []
            for (row, index) in indices.enumerated() {
                for i in 0..<9 { y.append(x[0][Int(index) * 9 + i] + x[0][row * 9 + i]) }
            }
            return y
        }
    }

    static func meanPool() -> OpCase {
        OpCase(name: "meanPool", shapes: [[6, 5]]) {
            $0.tape.meanPool($0.tensor(0), segments: [0..<1, 1..<6], rows: RowSpace(count: 2))
        } reference: { x in
            var y: [Double] = []
            for segment in [0..<1, 1..<6] {
                for j in 0..<5 {
                    var sum = 0.0
                    for row in segment { sum += x[0][row * 5 + j] }
                    y.append(sum / Double(segment.count))
                }
            }
            return y
        }
    }
}
