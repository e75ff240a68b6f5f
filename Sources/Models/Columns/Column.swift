// Progressive networks (Rusu et al., 1606.04671): a network for each stage, and what it reads of
// those before it. It knows nothing of stages, only of the order of columns.

package import Tensor

/// A network beside earlier ones, which it reads between its blocks:
/// hᵢ = Blockᵢ(hᵢ₋₁) + Σⱼ Uᵢⱼ·σ(Vᵢⱼ·hᵢ₋₁⁽ʲ⁾) for i ≥ 2, σ the paper's rectifier.
package final class Column {
    package let spec: ColumnSpec
    package let backbone: any Backbone
    /// By earlier column, then by block from the second on.
    let laterals: [[Lateral]]

    /// What one block reads of an earlier column.
    struct Lateral {
        /// V, `[width, D]`.
        let down: Parameter
        /// U, `[D, width]`; zero before training, so that nothing is read at first.
        let up: Parameter

        func callAsFunction(_ stream: Tensor, _ tape: Tape) -> Tensor {
            tape.linear(tape.activate(tape.linear(stream, down), .relu), up)
        }
    }

    /// The backbone's, then V and U by column and block.
    package var parameters: [Parameter] {
        backbone.parameters + laterals.joined().flatMap { [$0.down, $0.up] }
    }

    /// Parameters are allocated, not initialised.
    /// - Parameter earlier: how many columns there are before this one.
    init(_ spec: ColumnSpec, like first: any Architecture, earlier: Int, backend: any Backend)
        throws
    {
        let configuration = first.configuration
        let (width, units) = (configuration.width, spec.lateralWidth)
        self.spec = spec
        backbone = try type(of: first).init(configuration, backend: backend)
        laterals = (0..<(units > 0 ? earlier : 0)).map { source in
            stride(from: 2, through: configuration.layers, by: 1).map { block in
                func part(_ name: String, _ shape: [Int]) -> Parameter {
                    Parameter(
                        name: "columns.\(earlier).laterals.\(source).\(block).\(name).weight",
                        value: Tensor(shape, backend: backend))
                }
                return Lateral(down: part("down", [units, width]), up: part("up", [width, units]))
            }
        }
    }

    /// V uniform in ±1/√D, U zero.
    func initialiseLaterals(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        for lateral in laterals.joined() {
            let bound = 1 / Double(lateral.down.value.shape[1]).squareRoot()
            for i in 0..<lateral.down.value.count {
                lateral.down.value.pointer[i] = Float((2 * generator.uniform() - 1) * bound)
            }
            lateral.up.value.pointer.update(repeating: 0, count: lateral.up.value.count)
        }
    }

    /// `[N, D]` after the final norm, given the streams h₀…h_L of each earlier column.
    /// - Parameter record: gets this column's own streams.
    func hiddenStates(
        _ batch: PackedBatch, caches: [KeyValueCache]?, reading streams: [[Tensor]],
        record: (Tensor) -> Void, on tape: Tape
    ) -> Tensor {
        withoutActuallyEscaping(record) { record in
            backbone.hiddenStates(
                batch, caches: caches,
                tap: { [laterals] stream, index in
                    var stream = stream
                    if index >= 2 {
                        for (column, laterals) in zip(streams, laterals) {
                            stream = tape.add(stream, laterals[index - 2](column[index - 1], tape))
                        }
                    }
                    record(stream)
                    return stream
                }, on: tape)
        }
    }
}
