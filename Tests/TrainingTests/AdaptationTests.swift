import CPUBackend
import Foundation
import Models
import Multitask
import NN
import Spec
import Tensor
import Testing

@testable import Training

@Suite(.serialized) struct AdaptationTests {
    private static let lora = MethodSpec("lora", ["rank": 4])
    private static let own = MethodSpec("adapter_per_task", ["rank": 4])

    private func sequence(_ adaptation: MethodSpec) -> RunSpec {
        var spec = TinyRun.sequence(learningRate: 1e-2)
        spec.adaptation = adaptation
        return spec
    }

    /// A runner on the tiny model with two heads, its adapters not at zero.
    private func bench(
        _ adaptation: MethodSpec, _ run: TinyRun, methods: StepMethods = StepMethods()
    ) throws -> StepRunner {
        let model = try run.model()
        let names = ["mood", "topic"]
        for name in names {
            model.addClassifier(
                HeadSpec(
                    task: name, kind: "classification", labels: ["a", "b"], format: "raw",
                    maxLength: 64), seed: 5)
        }
        let needs = try Multitask.adaptation(adaptation, tasks: names).needs
        try model.adapt(to: needs, tasks: names, stages: 1, seed: 1)
        var generator = SeededGenerator(7)
        for parameter in model.adapters.flatMap(\.parameters) {
            for i in 0..<parameter.value.count {
                parameter.value.pointer[i] = Float(0.2 * generator.uniform() - 0.1)
            }
        }
        let trained = model.parameters.filter(\.isTrainable)
        return StepRunner(
            model, tasks: names.map { TrainingTask(name: $0, kind: .classification) },
            optimizer: AdamW(trained, AdamWConfiguration(), backend: run.backend),
            methods: methods, clip: 1, backend: run.backend)
    }

    private var examples: [Example] {
        var generator = SeededGenerator(11)
        return [5, 17, 9, 12].enumerated().map { index, count in
            Example(
                task: index / 2, tokens: (0..<count).map { _ in Int32(generator.next() % 256) },
                targets: [Int32(index % 2)])
        }
    }

    private func expectClose(_ a: [Float], _ b: [Float]) {
        let scale = b.map(abs).max() ?? 0
        #expect(a.count == b.count && scale > 0)
        // Sums in another order, through two layers.
        #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 5e-5 * scale })
    }

    /// With W' = W + s·B·A in place of W, the chain rule gives ∂L/∂B = s·G·Aᵀ and ∂L/∂A = s·Bᵀ·G
    /// from G = ∂L/∂W', the gradient of full training, whose parity with PyTorch is proven.
    @Test("An adapter's gradient is that of the merged matrix through the product's chain rule")
    func chainRule() throws {
        let run = try TinyRun()
        let runner = try bench(Self.lora, run)
        let rows = runner.weighted(examples.map { StepRow($0) }).rows
        _ = try runner.pass.run(rows, recording: true)
        let adapter = try #require(runner.model.adapters.first)
        let found = adapter.layers.map { layer in
            [layer.blocks[0].a, layer.blocks[0].b].map { $0.gradients[0]?.floats() ?? [] }
        }
        try runner.model.mergeAdapters()
        for parameter in runner.model.backbone.parameters { parameter.isTrainable = true }
        _ = try runner.pass.run(rows, recording: true)
        for (layer, gradients) in zip(adapter.layers, found) {
            let g = try #require(layer.weight.gradients[0])
            let (a, b) = (layer.blocks[0].a.value, layer.blocks[0].b.value)
            let (outputs, rank, inputs) = (b.shape[0], b.shape[1], a.shape[1])
            let s = layer.blocks[0].scale
            var (dA, dB) = (
                [Float](repeating: 0, count: a.count), [Float](repeating: 0, count: b.count)
            )
            for o in 0..<outputs {
                for r in 0..<rank {
                    for i in 0..<inputs {
                        dB[o * rank + r] +=
                            s * g.pointer[o * inputs + i] * a.pointer[r * inputs + i]
                        dA[r * inputs + i] +=
                            s * b.pointer[o * rank + r] * g.pointer[o * inputs + i]
                    }
                }
            }
            expectClose(gradients[0], dA)
            expectClose(gradients[1], dB)
        }
    }

    @Test(
        "One packed pass tells each task's gradient of a shared adapter; own ones get their task's")
    func perTask() throws {
        let run = try TinyRun()
        let methods = StepMethods(
            aggregation: try Multitask.aggregation(
                MethodSpec("pcgrad"), tasks: ["mood", "topic"]))
        let runner = try bench(Self.lora, run, methods: methods)
        let rows = runner.weighted(examples.map { StepRow($0) }).rows
        _ = try runner.pass.run(rows, recording: true)
        let packed = (0..<2).map { slot in
            runner.parameters.map { $0.gradients[slot]?.floats() ?? [] }
        }
        for task in 0..<2 {
            _ = try runner.pass.run(rows.filter { $0.example.task == task }, recording: true)
            for (index, parameter) in runner.parameters.enumerated() {
                guard let alone = parameter.gradients[task]?.floats() else { continue }
                expectClose(packed[task][index], alone)
            }
        }
        #expect(runner.shared.indices.count == runner.model.adapters[0].parameters.count)

        let separate = try bench(Self.own, run)
        #expect(separate.shared.indices.isEmpty && separate.shared.last.isEmpty)
        _ = try separate.pass.run(rows.filter { $0.example.task == 0 }, recording: true)
        let (mine, others) = (separate.model.adapters[0], separate.model.adapters[1])
        #expect(mine.parameters.allSatisfy { $0.gradientNorm(slot: 0) > 0 })
        #expect(others.parameters.allSatisfy { $0.gradientNorm(slot: 0) == 0 })
    }

    @Test("GradNorm's W is the last adapter that all tasks share")
    func gradNorm() throws {
        let run = try TinyRun()
        let methods = StepMethods(
            weighting: try Multitask.weighting(
                MethodSpec("gradnorm"), tasks: ["mood", "topic"]))
        let runner = try bench(Self.lora, run, methods: methods)
        #expect(
            runner.shared.last.map(\.name)
                == ["A", "B"].map {
                    "adapters.shared.model.layers.1.mlp.down_proj.lora_\($0).weight"
                })
        #expect(runner.shared.last.allSatisfy { $0.slots == 2 })
        #expect(runner.parameters.filter { $0.slots == 2 }.count == 2)
        #expect(try runner.step(examples, learningRate: 1e-3).fault == nil)
    }

    @Test("A run with an adapter keeps the base model's bits and stores only what it learnt")
    func stored() throws {
        let run = try TinyRun()
        var spec = sequence(Self.lora)
        spec.stages = nil
        let recorder = Recorder()
        let file = try run.finish(spec, recorder)
        let names = try SafetensorsFile("\(run.folder)/model.safetensors").names
        #expect(names.allSatisfy { $0.hasPrefix("adapters.shared.") || $0.hasPrefix("heads.") })
        #expect(try file.count < run.model().backbone.configuration.parameterCount)
        #expect(recorder.events.contains { $0.kind == "adaptation" })
        let losses = recorder.values("mood", "loss", "validation")
        #expect(try #require(losses.last) < losses[0])

        // What is loaded again scores as it did at the end of the run.
        let loaded = try Model(
            base: "\(run.folder)/base.gguf", weights: "\(run.folder)/model.safetensors",
            backend: run.backend)
        #expect(!loaded.hasOwnBackbone && loaded.adapters.count == 1)
        #expect(loaded.heads.map(\.adapter) == ["shared", "shared"])
        let merged = try run.hidden(loaded, adapter: "shared")
        try loaded.mergeAdapters()
        #expect(loaded.hasOwnBackbone)
        let beside = try run.hidden(loaded, adapter: nil)
        #expect(zip(merged, beside).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(
            zip(merged, try run.hidden(try run.model(), adapter: nil)).contains {
                abs($0 - $1) > 1e-3
            })
    }

    @Test(
        "With an adapter for each task, or heads alone, a later stage leaves earlier tasks' bits",
        arguments: [own, MethodSpec("heads")])
    func frozen(adaptation: MethodSpec) throws {
        let run = try TinyRun()
        let recorder = Recorder()
        _ = try run.finish(sequence(adaptation), recorder)
        let scores = recorder.values("mood", "loss", "validation")
        // Before training, after stage 1, after stage 2.
        #expect(scores.count == 3 && scores[1] < scores[0] && scores[2] == scores[1])
        let topic = recorder.values("topic", "loss", "validation")
        #expect(topic[1] == topic[0] && topic[2] < topic[1])
    }

    @Test(
        "Pausing over and over ends in the bits of a run that never stopped",
        arguments: [lora, own, MethodSpec("heads")])
    func resumes(adaptation: MethodSpec) throws {
        var spec = sequence(adaptation)
        if adaptation == Self.lora {
            spec.retention = [MethodSpec("ewc", ["samples": 6])]
            spec.stages = [["mood"], ["mood", "topic"]]
            spec.weighting = MethodSpec("gradnorm")
        }
        let expected = try TinyRun().finish(spec, Recorder())
        #expect(try TinyRun().finishPausing(spec, every: 9) == expected)
    }

    @Test("Frozen parameters take no gradient memory, and no moments")
    func memory() throws {
        func bytes(_ adaptation: MethodSpec) throws -> Int {
            let run = try TinyRun()
            let runner = try bench(adaptation, run)
            _ = try runner.step(examples, learningRate: 1e-3)
            return run.backend.bytesInUse
        }
        let run = try TinyRun()
        let weights = 4 * (try run.model()).parameters.reduce(0) { $0 + $1.value.count }
        // Weights, gradients and two moments against weights alone; heads are small.
        #expect(try bytes(MethodSpec("full")) > 4 * weights)
        #expect(try bytes(MethodSpec("heads")) < weights + weights / 4)
    }

    @Test("A run goes on with the adapter of its base model, and merges one of another size")
    func continued() throws {
        let run = try TinyRun()
        var spec = sequence(Self.lora)
        spec.stages = nil
        _ = try run.finish(spec, Recorder())
        let weights = "\(run.folder)/first.safetensors"
        try FileManager.default.moveItem(atPath: "\(run.folder)/model.safetensors", toPath: weights)
        func names(_ adaptation: MethodSpec) throws -> [String] {
            spec.adaptation = adaptation
            var inputs = run.inputs()
            inputs.weights = weights
            _ = try Trainer.run(spec, inputs: inputs, backend: run.backend, observer: Recorder())
            return try SafetensorsFile("\(run.folder)/model.safetensors").names
        }
        #expect(try !names(Self.lora).contains("model.norm.weight"))
        let other = try names(MethodSpec("lora", ["rank": 2]))
        #expect(other.contains("model.norm.weight"))
        #expect(other.contains { $0.hasPrefix("adapters.shared.") })
        #expect(try !names(MethodSpec("full")).contains { $0.hasPrefix("adapters.") })
        // Of the adapters that are merged nothing is left beside the new ones.
        #expect(try names(Self.own).contains { $0.hasPrefix("adapters.mood.") })
        try? FileManager.default.removeItem(atPath: weights)
        try FileManager.default.moveItem(atPath: "\(run.folder)/model.safetensors", toPath: weights)
        #expect(throws: TrainingError.self) { try names(Self.lora) }
        #expect(throws: TrainingError.self) { try names(MethodSpec("adapter_per_task")) }
    }

    @Test("Targets that no block of every task has are refused beside GradNorm")
    func targets() throws {
        var spec = sequence(MethodSpec("lora", lists: ["targets": ["c_attn"]]))
        let run = try TinyRun()
        let error = #expect(throws: TrainingError.self) {
            try Trainer.run(
                spec, inputs: run.inputs(), backend: run.backend, observer: Recorder())
        }
        #expect(error?.message.contains("q_proj") == true)
        spec.adaptation = Self.own
        spec.stages = nil
        spec.weighting = MethodSpec("gradnorm")
        #expect(throws: TrainingError.self) {
            try Trainer.run(
                spec, inputs: run.inputs(), backend: run.backend, observer: Recorder())
        }
    }
}

extension TinyRun {
    /// Final states of two texts.
    fileprivate func hidden(_ model: Model, adapter: String?) throws -> [Float] {
        let batch = PackedBatch(
            [(task: 0, tokens: [72, 105, 33]), (task: 0, tokens: [9, 8])],
            adapters: [adapter, adapter])
        return model.backbone.hiddenStates(
            batch, caches: nil, on: Tape(backend, recording: false)
        ).floats()
    }
}
