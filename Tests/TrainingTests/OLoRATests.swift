import CPUBackend
import Models
import Spec
import Tensor
import Testing

@testable import Training

@Suite(.serialized) struct OLoRATests {
    private static let rank = 4

    private func spec(lambda: Double, epochs: Int = 1) -> RunSpec {
        var spec = TinyRun.sequence(learningRate: 1e-2, epochs: epochs)
        spec.adaptation = MethodSpec("o_lora", ["rank": Double(Self.rank), "lambda": lambda])
        return spec
    }

    /// A and B of each layer after a run, rows and columns in Float64.
    private func trained(_ spec: RunSpec) throws -> [(a: [[Double]], b: [[Double]])] {
        let run = try TinyRun()
        _ = try run.finish(spec, Recorder())
        let model = try run.model(weights: "\(run.folder)/model.safetensors")
        #expect(!model.hasOwnBackbone && model.heads.allSatisfy { $0.adapter == "shared" })
        let adapter = try #require(model.adapter(named: "shared"))
        #expect(adapter.spec.rank == 2 * Self.rank && adapter.spec.alpha == 32)
        return adapter.layers.map { layer in
            (rows(layer.blocks[0].a.value), rows(layer.blocks[0].b.value))
        }
    }

    private func rows(_ tensor: Tensor) -> [[Double]] {
        let values = tensor.floats().map(Double.init)
        let width = tensor.shape[1]
        return (0..<tensor.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }

    /// Σ (A₁·A₂ᵀ)².
    private func overlap(_ a: [[Double]]) -> Double {
        a.prefix(Self.rank).reduce(0) { sum, x in
            a.dropFirst(Self.rank).reduce(sum) { sum, y in
                let product = zip(x, y).reduce(0) { $0 + $1.0 * $1.1 }
                return sum + product * product
            }
        }
    }

    @Test("A stage's part is frozen when it is over, and the next one learns away from it")
    func stages() throws {
        let free = try trained(spec(lambda: 0))
        let held = try trained(spec(lambda: 100))
        for (one, other) in zip(free, held) {
            // What the first stage learnt is the same to the bit, whatever the second did.
            #expect(one.a.prefix(Self.rank) == other.a.prefix(Self.rank))
            #expect(one.b.map { $0.prefix(Self.rank) } == other.b.map { $0.prefix(Self.rank) })
            #expect(one.a.suffix(Self.rank) != other.a.suffix(Self.rank))
            // Both stages learnt.
            for columns in [0..<Self.rank, Self.rank..<2 * Self.rank] {
                #expect(one.b.contains { $0[columns].contains { $0 != 0 } })
            }
        }
        let overlaps = [free, held].map { $0.reduce(0) { $0 + overlap($1.a) } }
        #expect(overlaps[1] < overlaps[0] / 2)
    }

    @Test("The term's gradient is 2λ Σ (A_t·A_iᵀ)·A_i over all earlier blocks")
    func gradient() throws {
        let run = try TinyRun()
        let adapter = try run.model().addAdapter(
            AdapterSpec(name: "shared", rank: 6), blocks: 3, seed: 5)
        let term = Orthogonality(adapter, strength: 0.7, among: adapter.parameters)
        #expect(term.gradients(block: 0).isEmpty)
        for t in 1..<3 {
            let found = term.gradients(block: t)
            #expect(found.count == adapter.layers.count)
            for (index, layer) in adapter.layers.enumerated() {
                let blocks = layer.blocks.map { rows($0.a.value) }
                let place = try #require(
                    adapter.parameters.firstIndex { $0 === layer.blocks[t].a })
                let gradient = rows(try #require(found[place]))
                for (row, own) in blocks[t].enumerated() {
                    var expected = own.map { _ in 0.0 }
                    for other in blocks[..<t].joined() {
                        let product = zip(own, other).reduce(0) { $0 + $1.0 * $1.1 }
                        for i in other.indices { expected[i] += 2 * 0.7 * product * other[i] }
                    }
                    let far = zip(gradient[row], expected).map { abs($0 - $1) }.max() ?? 1
                    #expect(far < 1e-6, "layer \(index)")
                }
            }
        }
    }

    @Test("It composes with replay and gradient surgery, and goes on where it was paused")
    func composes() throws {
        var spec = spec(lambda: 0.5, epochs: 2)
        spec.stages = [["mood"], ["topic"]]
        spec.retention = [MethodSpec("replay", ["fraction": 0.5])]
        spec.aggregation = MethodSpec("pcgrad")
        let expected = try TinyRun().finish(spec, Recorder())
        #expect(try TinyRun().finishPausing(spec, every: 9) == expected)
    }

    @Test("The best model of an earlier stage is put back whole: the later part is as it began")
    func putBack() throws {
        let run = try TinyRun()
        let adapter = try run.model().addAdapter(
            AdapterSpec(name: "shared", rank: 4), blocks: 2, seed: 5)
        for parameter in adapter.parameters(block: 1) { parameter.isTrainable = false }
        var best = BestWeights(backend: run.backend)
        let before = adapter.parameters.map { $0.value.floats() }
        best.take(adapter.parameters, step: 1, scores: [])
        for parameter in adapter.parameters { parameter.value.pointer[0] += 1 }
        best.putBack(adapter.parameters)
        #expect(adapter.parameters.map { $0.value.floats() } == before)
    }
}
