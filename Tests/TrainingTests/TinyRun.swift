import CPUBackend
import Foundation
import Models
import NN
import Spec
import TestSupport
import Testing

@testable import Training

/// A folder with a tiny model and two small data sets, removed with the value.
final class TinyRun {
    let folder: String
    let backend = CPUBackend(threads: 1)

    init() throws {
        folder = NSTemporaryDirectory() + "/tiny-run-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try TinyLlamaFile.write("\(folder)/base.gguf")
        let mood = (0..<60).map { index in
            let (word, label) = index % 2 == 0 ? ("good", "up") : ("bad", "down")
            return #"{"text":"\#(word) \#(index)","label":"\#(label)"}"#
        }
        let reply = (0..<30).map { #"{"prompt":"say \#($0)","completion":"so it is"}"# }
        let topic = (0..<45).map { index in
            let words = ["ball", "vote", "code"]
            return #"{"text":"\#(words[index % 3]) of \#(index)","label":"\#(words[index % 3])"}"#
        }
        try write("mood", mood)
        try write("topic", topic)
        try write("reply", reply)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func write(_ name: String, _ lines: [String]) throws {
        let text = lines.joined(separator: "\n") + "\n"
        try text.write(toFile: "\(folder)/\(name).jsonl", atomically: true, encoding: .utf8)
    }

    func inputs(checkpoint: String? = nil) -> TrainingInputs {
        let names = ["mood", "topic", "reply", "other"]
        let paths = names.map { ($0, "\(folder)/\($0).jsonl") }
        return TrainingInputs(
            base: "\(folder)/base.gguf", weights: nil,
            datasets: Dictionary(uniqueKeysWithValues: paths), checkpoint: checkpoint,
            scratch: folder)
    }

    static func spec(
        weighting: MethodSpec? = nil, mixing: MethodSpec = MethodSpec("inverse_frequency"),
        epochs: Int = 2, learningRate: Double = 3e-3, batchTokens: Int = 96
    ) -> RunSpec {
        RunSpec(
            name: "tiny", baseModel: "tiny",
            tasks: [
                TaskSpec(name: "mood", kind: .classification, dataset: "mood"),
                TaskSpec(name: "reply", kind: .generation, dataset: "reply"),
            ],
            mixing: mixing, weighting: weighting,
            optimizer: OptimizerSpec(learningRate: learningRate), epochs: epochs,
            batchTokens: batchTokens, maxLength: 96, seed: 3, checkpointSeconds: 1e9)
    }

    /// Two classification tasks one after the other.
    static func sequence(
        _ retention: [MethodSpec]? = nil, learningRate: Double = 3e-3, epochs: Int = 1
    ) -> RunSpec {
        var spec = Self.spec(
            mixing: MethodSpec("proportional"), epochs: epochs, learningRate: learningRate)
        spec.tasks = [
            TaskSpec(name: "mood", kind: .classification, dataset: "mood"),
            TaskSpec(name: "topic", kind: .classification, dataset: "topic"),
        ]
        spec.stages = [["mood"], ["topic"]]
        spec.retention = retention
        return spec
    }

    /// The weights' file of a run that must come to its end.
    func finish(
        _ spec: RunSpec, _ recorder: Recorder, checkpoint: String? = nil,
        inputs: TrainingInputs? = nil
    ) throws -> Data {
        let outcome = try Trainer.run(
            spec, inputs: inputs ?? self.inputs(checkpoint: checkpoint), backend: backend,
            observer: recorder)
        guard case .finished(let path, _, let progress) = outcome else {
            Issue.record("the run did not finish")
            return Data()
        }
        #expect(progress.step == progress.steps && progress.step > 0)
        return try Data(contentsOf: URL(fileURLWithPath: path))
    }

    /// The same of a run that is paused at every so many polls and goes on from its checkpoint.
    /// - Parameter all: is given the points of every part.
    func finishPausing(
        _ spec: RunSpec, every polls: Int, sharing all: Recorder? = nil,
        inputs: ((String?) -> TrainingInputs)? = nil
    ) throws -> Data {
        var checkpoint: String?
        for _ in 0..<80 {
            let recorder = Recorder()
            recorder.steer = { $0 == polls ? .pause : .proceed }
            let outcome = try Trainer.run(
                spec, inputs: inputs?(checkpoint) ?? self.inputs(checkpoint: checkpoint),
                backend: backend, observer: recorder)
            all?.points += recorder.points
            if case .finished(let path, _, _) = outcome {
                return try Data(contentsOf: URL(fileURLWithPath: path))
            }
            checkpoint = recorder.checkpoints.last
        }
        Issue.record("the run made no progress between pauses")
        return Data()
    }

    func model(weights: String? = nil) throws -> Model {
        try Model(base: "\(folder)/base.gguf", weights: weights, backend: backend)
    }
}

extension TinyRun {
    /// A runner on the tiny model: a task `mood` with classes, and a task `reply` that writes.
    func runner(_ model: Model, labels: [String], methods: StepMethods = StepMethods())
        -> StepRunner
    {
        let head = HeadSpec(
            task: "mood", kind: "classification", labels: labels, format: "raw", maxLength: 64)
        model.addClassifier(head, seed: 5)
        return StepRunner(
            model,
            tasks: [
                TrainingTask(name: "mood", kind: .classification),
                TrainingTask(name: "reply", kind: .generation),
            ], optimizer: AdamW(model.parameters, AdamWConfiguration(), backend: backend),
            methods: methods, clip: 1, backend: backend)
    }
}

/// Keeps all that a run reports, and steers it by what it has seen.
final class Recorder: TrainingObserver {
    var points: [MetricPoint] = []
    var events: [(kind: String, message: String)] = []
    var progress: [TrainingProgress] = []
    var checkpoints: [String] = []
    var documents: [String: String] = [:]
    /// Points that had arrived when the last checkpoint was handed over.
    var pointsAtCheckpoint = 0
    var polls = 0
    /// The directive of the n-th poll, from 1.
    var steer: (Int) -> TrainingDirective = { _ in .proceed }

    func progress(_ progress: TrainingProgress) { self.progress.append(progress) }
    func metrics(_ points: [MetricPoint]) { self.points += points }
    func event(kind: String, message: String) { events.append((kind, message)) }
    func document(name: String, json: String) { documents[name] = json }
    func checkpoint(path: String, step: Int) throws {
        pointsAtCheckpoint = points.count
        let kept = "\(path).kept-\(UUID().uuidString)"
        try FileManager.default.moveItem(atPath: path, toPath: kept)
        checkpoints.append(kept)
    }
    func directive() -> TrainingDirective {
        polls += 1
        return steer(polls)
    }

    func values(_ task: String, _ name: String, _ split: String) -> [Double] {
        points.filter { $0.task == task && $0.name == name && $0.split == split }.map(\.value)
    }

    func losses() -> [MetricPoint] {
        points.filter { $0.split == "train" && ["loss", "loss_weight"].contains($0.name) }
    }
}
