// Low-rank adapters of a whole backbone. Several lie beside one resident backbone; a batch says by
// sequence which one its rows use.

package import Tensor

/// An adapter with its matrices.
package final class Adapter {
    package let spec: AdapterSpec
    /// What batches call it; no other adapter beside the same backbone has this key.
    package let key: String
    /// By the layer's name, without `.weight`, in the backbone's order.
    package let layers: [(layer: String, weight: Parameter, lowRank: LowRankAdapter)]
    private var isMerged = false
    private var isAttached = false

    /// A and B of every layer.
    package var parameters: [Parameter] { layers.flatMap { [$0.lowRank.a, $0.lowRank.b] } }

    /// Matrices are allocated, not initialised, and not yet beside the backbone's: only their
    /// names and shapes are read, so that another thread may use the backbone meanwhile.
    /// - Throws: `invalid_input` when the rank is out of range or no layer has a target's name.
    init(
        _ spec: AdapterSpec, key: String, on backbone: any Backbone, backend: any Backend
    ) throws {
        guard (1...1024).contains(spec.rank), spec.alpha > 0, spec.alpha.isFinite else {
            throw ModelError.invalidInput(
                "adapter: rank must be from 1 to 1024 and alpha above 0, they are \(spec.rank) and "
                    + "\(spec.alpha)")
        }
        let all = backbone.parameters.compactMap { weight in
            LinearLayer(weight.name, shape: weight.value.shape).map { (layer: $0, weight: weight) }
        }
        for target in spec.targets where !all.contains(where: { $0.layer.isNamed(target) }) {
            throw ModelError.invalidInput(
                "adapter: no layer is called \(printable(target)); the model has "
                    + LinearLayer.targets(all.map(\.layer)).joined(separator: ", "))
        }
        let chosen = all.filter { layer, _ in
            spec.targets.isEmpty || spec.targets.contains { layer.isNamed($0) }
        }
        self.spec = spec
        self.key = key
        layers = chosen.map { layer, weight in
            func part(_ name: String, _ shape: [Int]) -> Parameter {
                Parameter(
                    name: "adapters.\(spec.name).\(layer.name).\(name)",
                    value: Tensor(shape, backend: backend))
            }
            let lowRank = LowRankAdapter(
                a: part("lora_A.weight", [spec.rank, weight.value.shape[1]]),
                b: part("lora_B.weight", [weight.value.shape[0], spec.rank]),
                scale: Float(spec.alpha / Double(spec.rank)))
            return (layer.name, weight, lowRank)
        }
    }

    /// Puts it beside the backbone, for batches to ask for; on the thread that owns the backbone.
    /// It stays until `detach()` or its end.
    func attach() {
        for (_, weight, lowRank) in layers { weight.adapters[key] = lowRank }
        isAttached = true
    }

    func detach() {
        guard isAttached else { return }
        for (_, weight, lowRank) in layers where weight.adapters[key] === lowRank {
            weight.adapters[key] = nil
        }
        isAttached = false
    }

    deinit { detach() }

    /// A uniform in ±1/√inputs (Kaiming's for a = √5, as in the authors' code), B zero.
    func initialise(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for (_, weight, lowRank) in layers {
            let bound = 1 / Double(weight.value.shape[1]).squareRoot()
            for i in 0..<lowRank.a.value.count {
                lowRank.a.value.pointer[i] = Float((2 * generator.uniform() - 1) * bound)
            }
            lowRank.b.value.pointer.update(repeating: 0, count: lowRank.b.value.count)
        }
    }

    /// Adds the adapter to the backbone's own matrices; no batch should ask for it then.
    package func merge() {
        precondition(!isMerged, "an adapter is merged once")
        for (_, weight, lowRank) in layers { lowRank.merge(into: weight, factor: 1) }
        isMerged = true
    }

    /// Takes a merged adapter out again, exact but for rounding.
    package func unmerge() {
        precondition(isMerged, "the adapter is not merged")
        for (_, weight, lowRank) in layers { lowRank.merge(into: weight, factor: -1) }
        isMerged = false
    }

    /// Of its matrices beside the backbone's last one that every task's rows reach; empty where
    /// it has none there.
    package func last(upTo matrix: Parameter, of backbone: any Backbone) -> [Parameter] {
        let order = Dictionary(
            uniqueKeysWithValues: backbone.parameters.enumerated().map {
                (ObjectIdentifier($1), $0)
            })
        let end = order[ObjectIdentifier(matrix)] ?? 0
        let layer = layers.last { order[ObjectIdentifier($0.weight)] ?? .max <= end }
        return layer.map { [$0.lowRank.a, $0.lowRank.b] } ?? []
    }
}
