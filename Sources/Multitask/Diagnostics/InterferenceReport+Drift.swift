import Spec

extension InterferenceReport {
    /// How much like the start of the run a layer's view of held-out rows is.
    package struct LayerDrift: Sendable, Equatable {
        package struct Point: Sendable, Equatable {
            package var step: Int
            package var cosine: Double
            /// Linear CKA; `nil` where it is undefined.
            package var alignment: Double?
        }

        /// 0: the embeddings; then what comes out of each block.
        package var layer: Int
        package var history: [Point]
        package var latest: Point? { history.last }
    }

    static func drift(_ points: [MetricPoint]) -> [LayerDrift] {
        let own = points.filter { $0.task.isEmpty && $0.split == split }
        func byLayer(_ prefix: String) -> [Int: [Int: Double]] {
            var found: [Int: [Int: Double]] = [:]
            for point in own where point.name.hasPrefix(prefix) {
                guard let layer = Int(point.name.dropFirst(prefix.count)) else { continue }
                found[layer, default: [:]][point.step] = point.value
            }
            return found
        }
        let alignments = byLayer(driftCKA)
        return byLayer(driftCosine).sorted { $0.key < $1.key }.map { layer, cosines in
            LayerDrift(
                layer: layer,
                history: cosines.sorted { $0.key < $1.key }.map { step, cosine in
                    LayerDrift.Point(
                        step: step, cosine: cosine, alignment: alignments[layer]?[step])
                })
        }
    }
}
