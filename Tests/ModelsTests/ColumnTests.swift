import CPUBackend
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite("Columns")
struct ColumnTests {
    private let folder: TemporaryFolder
    private let backend = CPUBackend(threads: 1)
    private let sequences: [[Int32]] = [[72, 105, 33, 9], [5, 200]]

    init() throws {
        folder = try TemporaryFolder()
        try TinyLlamaFile.write(
            folder.file("tiny.gguf"), seed: 17, width: 16, layers: 3, hidden: 24)
    }

    /// Three columns, the first two as after training.
    private func model(lateralWidth: Int = 3, moved: Bool = true) throws -> Model {
        let model = try Model(base: folder.file("tiny.gguf"), backend: backend)
        for column in 1...2 {
            try model.addColumn(ColumnSpec(lateralWidth: lateralWidth), seed: UInt64(column))
        }
        guard moved else { return model }
        for (place, column) in model.columns.enumerated() {
            for parameter in column.parameters where parameter.value.shape.count == 2 {
                let name = "\(place) \(parameter.name)"
                let values = SeededWeights.values(name, shape: parameter.value.shape)
                for (i, value) in values.enumerated() {
                    parameter.value.pointer[i] += 0.5 * value
                }
            }
        }
        return model
    }

    private func states(_ model: Model, column: Int) -> [Float] {
        model.hiddenStates(
            PackedBatch(sequences.map { (task: 0, tokens: $0) }), column: column, caches: nil,
            on: Tape(backend, recording: false)
        ).floats()
    }

    @Test("a new column is the model as loaded, and reads nothing yet: with U at zero as without")
    func fresh() throws {
        let (with, without) = (
            try model(moved: false), try model(lateralWidth: 0, moved: false)
        )
        let base = states(with, column: 0)
        for column in 1...2 {
            #expect(states(with, column: column) == base)
            #expect(states(without, column: column) == base)
        }
    }

    /// The equation in plain loops over the streams of columns that run on their own.
    @Test("a block from the second on gets U·σ(V·h) of each earlier column, the first gets nothing")
    func equation() throws {
        let model = try model()
        let (last, width) = (model.columns[1], 16)
        let batch = PackedBatch(sequences.map { (task: 0, tokens: $0) })
        let tape = Tape(backend, recording: false)
        var earlier: [[[Float]]] = [[], []]
        _ = model.backbone.hiddenStates(
            batch, caches: nil,
            tap: { stream, _ in
                earlier[0].append(stream.floats())
                return stream
            }, on: tape)
        func added(_ column: Column, _ count: Int, _ block: Int) -> [Float] {
            var sum = [Float](repeating: 0, count: 6 * width)
            for source in 0..<count {
                let lateral = column.laterals[source][block - 2]
                let (v, u) = (lateral.down.value, lateral.up.value)
                let units = v.shape[0]
                let h = earlier[source][block - 1]
                for row in 0..<6 {
                    for unit in 0..<units {
                        let z = (0..<width).reduce(Float(0)) {
                            $0 + v.pointer[unit * width + $1] * h[row * width + $1]
                        }
                        for i in 0..<width {
                            sum[row * width + i] += u.pointer[i * units + unit] * max(0, z)
                        }
                    }
                }
            }
            return sum
        }
        /// The column's blocks alone, with what the loops computed put in between.
        func run(_ column: Column, _ count: Int, _ see: @escaping ([Float]) -> Void) -> [Float] {
            column.backbone.hiddenStates(
                batch, caches: nil,
                tap: { stream, index in
                    if index >= 2 {
                        for (i, value) in added(column, count, index).enumerated() {
                            stream.pointer[i] += value
                        }
                    }
                    see(stream.floats())
                    return stream
                }, on: tape
            ).floats()
        }
        _ = run(model.columns[0], 1) { earlier[1].append($0) }
        let expected = run(last, 2) { _ in }
        let found = states(model, column: 2)
        // Float32 sums in another order, through three blocks.
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(zip(found, states(model, column: 1)).contains { abs($0 - $1) > 0.01 })
        #expect(last.laterals.map(\.count) == [2, 2])
    }

    @Test("the gradients of V and U agree with finite differences; frozen columns get none")
    func gradients() throws {
        let model = try model()
        for network in model.networks {
            for parameter in network.parameters { parameter.isTrainable = false }
        }
        for parameter in model.columns[0].parameters { parameter.isTrainable = false }
        let batch = PackedBatch(sequences.map { (task: 0, tokens: $0) })
        let seed = (0..<6 * 16).map { Float(($0 * 7) % 5) - 2 }
        func loss() -> Double {
            zip(states(model, column: 2), seed).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let tape = Tape(backend, recording: true)
        tape.seed(
            model.hiddenStates(batch, column: 2, caches: nil, on: tape), gradient: seed)
        tape.backward()
        #expect(model.columns[0].parameters.allSatisfy { $0.gradientNorm(slot: 0) == 0 })
        #expect(model.backbone.parameters.allSatisfy { $0.gradientNorm(slot: 0) == 0 })
        for lateral in model.columns[1].laterals.joined() {
            for parameter in [lateral.down, lateral.up] {
                let gradient = try #require(parameter.gradients[0]).floats()
                let scale = Double(gradient.map(abs).max() ?? 0)
                #expect(scale > 0)
                for i in stride(from: 0, to: gradient.count, by: 5) {
                    let value = parameter.value.pointer[i]
                    let step: Float = 2e-3
                    parameter.value.pointer[i] = value + step
                    let above = loss()
                    parameter.value.pointer[i] = value - step
                    let below = loss()
                    parameter.value.pointer[i] = value
                    let slope = (above - below) / Double(2 * step)
                    // Float32 differences: about 1e-5 of the loss over the step.
                    #expect(abs(slope - Double(gradient[i])) < 0.02 * scale + 0.01)
                }
            }
        }
    }

    @Test("reading with every column's cache, token by token, gives the same states")
    func caches() throws {
        let model = try model()
        let whole = states(model, column: 2)
        let cache = model.makeCache(column: 2, capacity: 2)
        #expect(cache.earlier.count == 2)
        let tape = Tape(backend, recording: false)
        var found: [Float] = []
        for (place, token) in sequences[0].enumerated() {
            found += model.hiddenStates(
                PackedBatch([(task: 0, tokens: [token])], startingAt: [place]), column: 2,
                caches: [cache], on: tape
            ).floats()
        }
        #expect(cache.earlier.allSatisfy { $0.length == 4 } && cache.length == 4)
        #expect(zip(found, whole).allSatisfy { abs($0 - $1) < 1e-4 })
        cache.truncate(to: 1)
        #expect(cache.earlier.allSatisfy { $0.length == 1 })
        #expect(try self.model(lateralWidth: 0).makeCache(column: 2, capacity: 2).earlier.isEmpty)
    }

    @Test("columns are saved and loaded bit for bit, and no other program's format takes them")
    func saving() throws {
        let model = try model()
        model.addClassifier(
            HeadSpec(
                task: "mood", kind: "classification", labels: ["a", "b"], format: "raw",
                maxLength: 64, column: 2), seed: 1)
        let path = folder.file("columns.safetensors")
        try model.save(to: path)
        #expect(try !Model.isAddition(path))
        let again = try Model(base: folder.file("tiny.gguf"), weights: path, backend: backend)
        #expect(again.column(task: "mood") == 2)
        for column in 0...2 {
            #expect(states(again, column: column) == states(model, column: column))
        }
        #expect(throws: ModelError.self) { try model.export(to: folder.file("out")) }

        // A head of a network that the file has not.
        model.columns = []
        try model.save(to: path)
        let error = #expect(throws: ModelError.self) {
            try Model(base: folder.file("tiny.gguf"), weights: path, backend: backend)
        }
        #expect(error?.code == "bad_model")
    }
}
