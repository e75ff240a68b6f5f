import Tensor

/// What single families of models ask of attention and rotary positions.
extension OpCase {
    static func families() -> [OpCase] {
        let packings: [[Segment]] = [[0..<1], [0..<3, 3..<4, 4..<9], [0..<66, 66..<66, 66..<71]]
        return packings.flatMap {
            [windowed($0), biased($0, causal: false), biased($0, causal: true)]
        }
            + [
                cross([0..<3, 3..<4, 4..<9], [0..<5, 5..<11, 11..<12]),
                cross([0..<70, 70..<70, 70..<72], [0..<2, 2..<4, 4..<80]), scaledRotary(),
            ]
    }

    static func windowed(_ segments: [Segment]) -> OpCase {
        let n = segments.last?.upperBound ?? 0
        let shapes = [[n, 4 * 6], [n, 2 * 6], [n, 2 * 6]]
        return OpCase(name: "windowed attention \(segments)", shapes: shapes) {
            $0.tape.attention(
                $0.tensor(0), $0.tensor(1), $0.tensor(2), segments: segments, heads: 4,
                keyValueHeads: 2, causal: true, window: 3)
        } reference: { x in
            zip(segments, segments).flatMap { segment, _ in
                Array(
                    Reference.attention(
                        x[0], x[1], x[2], segments: [segment], heads: 4, keyValueHeads: 2,
                        dimension: 6, causal: true, window: 3)[
                            segment.lowerBound * 24..<segment.upperBound * 24])
            }
        }
    }

    static func cross(_ queries: [Segment], _ keys: [Segment]) -> OpCase {
        let (n, m) = (queries.last?.upperBound ?? 0, keys.last?.upperBound ?? 0)
        let shapes = [[n, 4 * 6], [m, 2 * 6], [m, 2 * 6]]
        return OpCase(name: "cross-attention \(queries)", shapes: shapes) {
            $0.tape.attention(
                $0.tensor(0), $0.tensor(1), $0.tensor(2), segments: queries, keySegments: keys,
                heads: 4, keyValueHeads: 2, causal: false, scale: 0.5)
        } reference: {
            Reference.attention(
                $0[0], $0[1], $0[2], segments: queries, keySegments: keys, heads: 4,
                keyValueHeads: 2, dimension: 6, causal: false, scale: 0.5)
        }
    }

    /// Six buckets: by hand, distances to the left are 0, 1, 2 (exact), then one for 3 and beyond
    /// where causal; both ways, 0 and 1 to the left, 1 and more to the right, the far shared.
    static func biased(_ segments: [Segment], causal: Bool) -> OpCase {
        let n = segments.last?.upperBound ?? 0
        let shapes = [[n, 2 * 4], [n, 2 * 4], [n, 2 * 4], [6, 2]]
        func bucket(_ distance: Int) -> Int {
            if causal {
                let steps = max(0, -distance)
                // 3·log(steps/3)/log(4/3) from 3 steps on reaches the last bucket at 4.
                return steps < 3 ? steps : steps == 3 ? 3 : 5
            }
            let side = distance > 0 ? 3 : 0
            return side + min(abs(distance), abs(distance) < 2 ? 1 : 2)
        }
        return OpCase(name: "biased attention \(segments) causal \(causal)", shapes: shapes) {
            $0.tape.attention(
                $0.tensor(0), $0.tensor(1), $0.tensor(2), segments: segments, heads: 2,
                keyValueHeads: 2, causal: causal, scale: 1,
                bias: RelativeBias(
                    $0.parameter(3), bidirectional: !causal, distanceMax: causal ? 4 : 3))
        } reference: { x in
            Reference.attention(
                x[0], x[1], x[2], segments: segments, heads: 2, keyValueHeads: 2, dimension: 4,
                causal: causal, scale: 1
            ) { head, distance in x[3][bucket(distance) * 2 + head] }
        }
    }

    static func scaledRotary() -> OpCase {
        let positions: [Int32] = [0, 1, 7, 900]
        return OpCase(name: "rotary scaled by 4", shapes: [[4, 6]]) {
            $0.tape.rotary(
                $0.tensor(0), positions: positions, headDimension: 6, base: 100,
                interleaved: false, scaling: .linear(factor: 4))
        } reference: { x in
            Reference.rotary(
                x[0], positions: positions, width: 6, dimension: 6, base: 100, interleaved: false,
                slowdown: 4)
        }
    }
}
