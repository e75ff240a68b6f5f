// Low-rank adapters of a whole backbone. Several lie beside one resident backbone; a batch says by
// sequence which one its rows use.

package import Tensor

/// An adapter with its matrices.
package final class Adapter {
    /// A matrix of the backbone and what changes it.
    package struct Layer {
        /// The matrix's, without `.weight`.
        package let name: String
        package let weight: Parameter
        /// Whose sum is the change. One, but in a run that trains parts of the rank in turn.
        package let blocks: [LowRankAdapter]
    }

    package let spec: AdapterSpec
    /// What batches call it; no other adapter beside the same backbone has this key.
    package let key: String
    /// In the backbone's order.
    package let layers: [Layer]
    private var isMerged = false
    private var isAttached = false

    /// A and B of every layer.
    package var parameters: [Parameter] { layers.flatMap(\.blocks).flatMap { [$0.a, $0.b] } }

    /// A and B of one block of every layer.
    package func parameters(block: Int) -> [Parameter] {
        layers.map { $0.blocks[block] }.flatMap { [$0.a, $0.b] }
    }

    /// Matrices are allocated, not initialised, and not yet beside the backbone's: only their
    /// names and shapes are read, so that another thread may use the backbone meanwhile.
    /// - Parameter blocks: into how many the rank is cut, evenly.
    /// - Throws: `invalid_input` when the rank is out of range or no layer has a target's name.
    init(
        _ spec: AdapterSpec, blocks: Int = 1, key: String, on backbone: any Backbone,
        backend: any Backend
    ) throws {
        guard (1...AdapterSpec.rankMax).contains(spec.rank), spec.alpha > 0, spec.alpha.isFinite
        else {
            throw ModelError.invalidInput(
                "adapter: rank must be from 1 to \(AdapterSpec.rankMax) and alpha above 0, they "
                    + "are \(spec.rank) and \(spec.alpha)")
        }
        precondition(spec.rank % blocks == 0, "the blocks have one rank")
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
            func part(_ name: String, _ block: Int, _ shape: [Int]) -> Parameter {
                let place = blocks == 1 ? name : "\(name).\(block)"
                return Parameter(
                    name: "adapters.\(spec.name).\(layer.name).\(place).weight",
                    value: Tensor(shape, backend: backend))
            }
            let rank = spec.rank / blocks
            let lowRanks = (0..<blocks).map { block in
                LowRankAdapter(
                    a: part("lora_A", block, [rank, weight.value.shape[1]]),
                    b: part("lora_B", block, [weight.value.shape[0], rank]),
                    scale: Float(spec.alpha / Double(spec.rank)))
            }
            return Layer(name: layer.name, weight: weight, blocks: lowRanks)
        }
    }

    /// Puts it beside the backbone, for batches to ask for; on the thread that owns the backbone.
    /// It stays until `detach()` or its end.
    /// - Parameter blocks: how many of its first blocks; the others change nothing yet. `nil`: all.
    package func attach(blocks: Int? = nil) {
        for layer in layers {
            layer.weight.adapters[key] = Array(layer.blocks.prefix(blocks ?? layer.blocks.count))
        }
        isAttached = true
    }

    func detach() {
        guard isAttached else { return }
        for layer in layers where layer.weight.adapters[key]?.first === layer.blocks[0] {
            layer.weight.adapters[key] = nil
        }
        isAttached = false
    }

    deinit { detach() }

    /// A uniform in ±1/√inputs (Kaiming's for a = √5, as in the authors' code), B zero.
    func initialise(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for layer in layers {
            let bound = 1 / Double(layer.weight.value.shape[1]).squareRoot()
            for lowRank in layer.blocks {
                for i in 0..<lowRank.a.value.count {
                    lowRank.a.value.pointer[i] = Float((2 * generator.uniform() - 1) * bound)
                }
                lowRank.b.value.pointer.update(repeating: 0, count: lowRank.b.value.count)
            }
        }
    }

    /// Copies another adapter of this shape, whose rank is cut into blocks: theirs one below the
    /// other in A, and side by side in B.
    func join(_ cut: Adapter) {
        precondition(layers.allSatisfy { $0.blocks.count == 1 }, "blocks join into one")
        for (layer, parts) in zip(layers, cut.layers) {
            let (a, b) = (layer.blocks[0].a.value, layer.blocks[0].b.value)
            let (outputs, rank, inputs) = (b.shape[0], b.shape[1], a.shape[1])
            var place = 0
            for part in parts.blocks {
                (a.pointer + place * inputs).update(
                    from: part.a.value.pointer, count: part.a.value.count)
                for row in 0..<outputs {
                    (b.pointer + row * rank + place).update(
                        from: part.b.value.pointer + row * part.rank, count: part.rank)
                }
                place += part.rank
            }
        }
    }

    /// Adds the adapter to the backbone's own matrices; no batch should ask for it then.
    package func merge() {
        precondition(!isMerged, "an adapter is merged once")
        merge(factor: 1)
        isMerged = true
    }

    /// Takes a merged adapter out again, exact but for rounding.
    package func unmerge() {
        precondition(isMerged, "the adapter is not merged")
        merge(factor: -1)
        isMerged = false
    }

    private func merge(factor: Float) {
        for layer in layers {
            for lowRank in layer.blocks { lowRank.merge(into: layer.weight, factor: factor) }
        }
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
        return layer.map { $0.blocks.flatMap { [$0.a, $0.b] } } ?? []
    }
}
