import CPUBackend
import Foundation
import Inference
import Models
import Multitask
import Spec
import TestSupport
import Testing

@testable import Training

/// Whole runs with tasks of every kind.
@Suite(.serialized) struct KindRunTests {
    private static let rows: [TaskKind: @Sendable (Int) -> String] = [
        .classification: {
            $0 % 2 == 0
                ? #"{"text":"good \#($0)","label":"up"}"# : #"{"text":"bad \#($0)","label":"down"}"#
        },
        .multiLabel: {
            let labels = [["\"a\""], ["\"a\"", "\"b\""], []][$0 % 3].joined(separator: ",")
            return #"{"text":"\#(["ant", "both", "none"][$0 % 3]) \#($0)","labels":[\#(labels)]}"#
        },
        .regression: {
            #"{"text":"\#(["low", "mid", "high"][$0 % 3]) \#($0)","score":\#($0 % 3 - 1)}"#
        },
        .pairClassification: {
            #"{"text":"it is \#($0)","text_pair":"\#($0 % 2 == 0 ? "so" : "not")","label":"\#($0 % 2)"}"#
        },
        .tokenClassification: {
            #"{"tokens":["ann","saw","oslo","\#($0)"],"tags":["B-PER","O","B-LOC","I-LOC"]}"#
        },
        .generation: { #"{"prompt":"say \#($0)","completion":"so it is"}"# },
        .sequenceToSequence: { #"{"prompt":"say \#($0)","completion":"so it is"}"# },
    ]

    /// A run of the kinds on the family, its files in a folder of their own.
    private static func make(
        _ family: TinyFamily, _ kinds: [TaskKind]
    ) throws -> (run: TinyRun, inputs: (String?) -> TrainingInputs, spec: RunSpec) {
        let run = try TinyRun()
        let base = try family.write(to: run.folder)
        var datasets: [String: String] = [:]
        var spec = TinyRun.spec(epochs: 3, learningRate: 1e-2, batchTokens: 192)
        spec.tasks = try kinds.map { kind in
            let row = try #require(rows[kind])
            try run.write(kind.rawValue, (0..<45).map(row))
            datasets[kind.rawValue] = "\(run.folder)/\(kind.rawValue).jsonl"
            return TaskSpec(
                name: kind.rawValue, kind: kind, dataset: kind.rawValue,
                validation: .fraction(0.3), format: kind == .generation ? "raw" : nil)
        }
        spec.maxLength = 48
        let inputs = { [datasets] (checkpoint: String?) in
            TrainingInputs(
                base: base, weights: nil, datasets: datasets, checkpoint: checkpoint,
                scratch: run.folder)
        }
        return (run, inputs, spec)
    }

    @Test(
        "Every kind learns with all others in one run, and reports the metrics of its kind",
        arguments: TinyFamily.allCases)
    func learns(family: TinyFamily) throws {
        let (run, inputs, spec) = try Self.make(family, family.kinds)
        let recorder = Recorder()
        let outcome = try Trainer.run(
            spec, inputs: inputs(nil), backend: run.backend, observer: recorder)
        guard case .finished(let path, _, _) = outcome else {
            Issue.record("the run did not finish")
            return
        }
        for kind in family.kinds {
            let losses = recorder.values(kind.rawValue, "loss", "validation")
            #expect(losses.count == 4)
            #expect((losses.last ?? 9) < 0.9 * (losses.first ?? 0), "\(kind): \(losses)")
            let names = Set(recorder.points.filter { $0.task == kind.rawValue }.map(\.name))
            let expected = kind.traits.metrics.filter { $0 != "bleu" }
            #expect(names.isSuperset(of: expected), "\(kind): \(names)")
        }
        let model = try Model(base: inputs(nil).base, weights: path, backend: run.backend)
        #expect(model.heads.map(\.kind) == family.kinds.map(\.rawValue))
        #expect(model.heads.allSatisfy { $0.labels.isEmpty == (spec.kind(of: $0).labelsMin == 0) })
    }

    /// The tiny models are random and frozen, so that losses fall less than with all of them.
    @Test(
        "Every kind learns through adapters alone, and scores the same when loaded again",
        arguments: TinyFamily.allCases, ["lora", "adapter_per_task"])
    func adapters(family: TinyFamily, method: String) throws {
        var (run, inputs, spec) = try Self.make(family, family.kinds)
        spec.adaptation = MethodSpec(method)
        let recorder = Recorder()
        _ = try run.finish(spec, recorder, inputs: inputs(nil))
        let model = try Model(
            base: inputs(nil).base, weights: "\(run.folder)/model.safetensors",
            backend: run.backend)
        #expect(!model.hasOwnBackbone)
        let tasks = spec.tasks.map { TrainingTask(name: $0.name, kind: $0.kind) }
        let pass = PackedPass(model, tasks: tasks, backend: run.backend)
        var mixed: [StepRow] = []
        for (index, task) in spec.tasks.enumerated() {
            let losses = recorder.values(task.name, "loss", "validation")
            #expect((losses.last ?? 9) < (losses.first ?? 0), "\(task.kind): \(losses)")
            let data = try TaskData.load(
                task, index: index, run: spec, inputs: inputs(nil), model: model)
            mixed += data.validation.prefix(2).map { StepRow($0) }
        }
        // Rows of all kinds in one pass, each as it is alone.
        let rows = StepRow.sorted(mixed)
        for (row, together) in zip(rows, try pass.run(rows, recording: false)) {
            let alone = try pass.run([row], recording: false)[0]
            // Sums in another order where rows share a product.
            #expect(abs(alone.lossSum - together.lossSum) < 1e-4 * max(1, alone.lossSum))
        }
    }

    @Test("Uncertainty weighting and paused runs take every kind; the bits are those of one go")
    func resumes() throws {
        let kinds = TinyFamily.bert.kinds
        func spec() throws -> (TinyRun, (String?) -> TrainingInputs, RunSpec) {
            var (run, inputs, spec) = try Self.make(.bert, kinds)
            spec.weighting = MethodSpec("uncertainty")
            spec.aggregation = MethodSpec("pcgrad")
            spec.epochs = 1
            return (run, inputs, spec)
        }
        let (straight, inputs, whole) = try spec()
        let expected = try straight.finish(whole, Recorder(), inputs: inputs(nil))
        let (run, paused, same) = try spec()
        #expect(try run.finishPausing(same, every: 9, inputs: paused) == expected)
    }

    @Test(
        "BLEU is that of the texts that the model writes one by one",
        arguments: [TinyFamily.t5, .gpt2])
    func bleu(family: TinyFamily) throws {
        let kind: TaskKind = family == .t5 ? .sequenceToSequence : .generation
        var (run, inputs, spec) = try Self.make(family, [kind])
        // More than are written together, of several lengths.
        try run.write(
            kind.rawValue,
            (0..<160).map {
                let much = String(repeating: " very", count: $0 % 4)
                return #"{"prompt":"\#($0 % 4) \#($0)","completion":"so it is\#(much) good"}"#
            })
        spec.tasks[0].metric = "bleu"
        spec.tasks[0].validation = .fraction(0.5)
        spec.epochs = 6
        let recorder = Recorder()
        _ = try run.finish(spec, recorder, inputs: inputs(nil))

        let model = try Model(
            base: inputs(nil).base, weights: "\(run.folder)/model.safetensors",
            backend: run.backend)
        let data = try TaskData.load(
            spec.tasks[0], index: 0, run: spec, inputs: inputs(nil), model: model)
        var expected = BLEU()
        for example in data.validation {
            let generator = Generator(model, backend: run.backend)
            var options = GenerationOptions()
            options.maxTokens = 2 * example.targets.count + 16
            try generator.add(id: 0, prompt: example.prompt, options: options)
            var text = ""
            while !generator.isIdle { text += try generator.step().map(\.text).joined() }
            expected.add(text, reference: example.reference)
        }
        #expect(data.validation.count == 80 && expected.score > 5)
        #expect(recorder.values(kind.rawValue, "bleu", "validation").last == expected.score)

        // Progress begins with the first token of a text, not with the end of one.
        let evaluator = Evaluator(
            model, tasks: [TrainingTask(name: spec.tasks[0].name, kind: kind)],
            backend: run.backend)
        var done: [Int] = []
        _ = try evaluator.score(data.validation, of: data) { done.append($0) }
        let all = data.validation.reduce(0) { $0 + $1.length }
        let moving = done.drop { $0 == 0 }
        #expect(done == done.sorted() && (done.last ?? 0) <= all)
        #expect(Set(moving).count > 10 && (moving.first ?? 0) < all / 8)
    }

    @Test("Of the last stage nothing is kept, so that its rows may answer in any form")
    func lastStage() throws {
        var (run, inputs, spec) = try Self.make(.bert, [.classification, .tokenClassification])
        // Of other lengths than each other.
        try run.write(
            TaskKind.tokenClassification.rawValue,
            (0..<45).map { index in
                let tokens = (0...index % 4).map { "\"w\($0)\"" }.joined(separator: ",")
                let tags = (0...index % 4).map { "\"\($0 % 2)\"" }.joined(separator: ",")
                return "{\"tokens\":[\(tokens)],\"tags\":[\(tags)]}"
            })
        spec.mixing = MethodSpec("proportional")
        spec.stages = spec.tasks.map { [$0.name] }
        spec.retention = [MethodSpec("der_pp")]
        spec.epochs = 1
        #expect(spec.contradiction(Multitask.catalogue) == nil)
        let expected = try run.finish(spec, Recorder(), inputs: inputs(nil))
        let found = try run.finishPausing(spec, every: 9, inputs: inputs)
        #expect(found == expected)
    }

    @Test("entity_f1 asks for tags that tell entities")
    func entities() throws {
        var (run, inputs, spec) = try Self.make(.bert, [.tokenClassification])
        try run.write(
            TaskKind.tokenClassification.rawValue,
            (0..<20).map { #"{"tokens":["a","\#($0)"],"tags":["X","Y"]}"# })
        spec.tasks[0].metric = "entity_f1"
        let error = #expect(throws: TrainingError.self) {
            _ = try run.finish(spec, Recorder(), inputs: inputs(nil))
        }
        #expect(error?.message.contains("entity_f1") == true)
    }
}

extension RunSpec {
    fileprivate func kind(of head: HeadSpec) -> TaskKind.Traits {
        tasks.first { $0.name == head.task }?.kind.traits ?? TaskKind.generation.traits
    }
}
