import CPUBackend
import Foundation
import Models
import Spec
import Testing

@testable import Training

/// A task that is added to a model of an earlier run.
@Suite(.serialized) struct LearntStageTests {
    /// Trains `mood`, then goes on with `topic` in a run of its own.
    private func added(
        _ spec: RunSpec, _ run: TinyRun, finish: (RunSpec, TrainingInputs) throws -> Data
    ) throws -> Data {
        var first = spec
        first.tasks.removeLast()
        (first.stages, first.retention) = (nil, nil)
        _ = try run.finish(first, Recorder())
        let weights = "\(run.folder)/first.safetensors"
        try? FileManager.default.removeItem(atPath: weights)
        try FileManager.default.moveItem(atPath: "\(run.folder)/model.safetensors", toPath: weights)
        var second = spec
        second.startsLearnt = true
        var inputs = run.inputs()
        inputs.weights = weights
        return try finish(second, inputs)
    }

    @Test(
        "Adding a task later ends in the bits of one run over both",
        arguments: [
            nil, [MethodSpec("ewc", ["samples": 6, "lambda": 100])], [MethodSpec("lwf")],
            [MethodSpec("replay")], [MethodSpec("a_gem")], [MethodSpec("sfa")],
        ])
    func sameBits(retention: [MethodSpec]?) throws {
        let spec = TinyRun.sequence(retention)
        let together = Recorder()
        let run = try TinyRun()
        let expected = try run.finish(spec, together)
        let later = Recorder()
        let found = try added(spec, try TinyRun()) { spec, inputs in
            try run.finish(spec, later, inputs: inputs)
        }
        #expect(found == expected)
        // R: the start is the end of the first stage.
        #expect(later.points.filter { $0.name == "stage_end" }.map(\.value) == [0, 1, 2])
        let scores = later.values("mood", "loss", "validation")
        #expect(scores == Array(together.values("mood", "loss", "validation").suffix(2)))
    }

    @Test(
        "Memory of a task learnt before is there from the first step, also after pauses",
        arguments: ["replay", "der_pp"])
    func memory(method: String) throws {
        let spec = TinyRun.sequence([MethodSpec(method)])
        let (plain, recorder) = (Recorder(), Recorder())
        let run = try TinyRun()
        _ = try added(TinyRun.sequence(), run) { try run.finish($0, plain, inputs: $1) }
        let kept = try added(spec, run) { try run.finish($0, recorder, inputs: $1) }
        func last(_ recorder: Recorder) throws -> Double {
            try #require(recorder.values("mood", "loss", "validation").last)
        }
        #expect(try last(recorder) < last(plain))
        let paused = try added(spec, run) { spec, inputs in
            try run.finishPausing(spec, every: 9) { checkpoint in
                var inputs = inputs
                inputs.checkpoint = checkpoint
                return inputs
            }
        }
        #expect(paused == kept)
    }

    @Test("A column beside a model that was learnt before leaves its outputs to the bit")
    func column() throws {
        var spec = TinyRun.sequence()
        let run = try TinyRun()
        let recorder = Recorder()
        _ = try added(spec, run) { second, inputs in
            spec = second
            spec.adaptation = MethodSpec("progressive")
            return try run.finish(spec, recorder, inputs: inputs)
        }
        let mood = recorder.values("mood", "loss", "validation")
        let topic = recorder.values("topic", "loss", "validation")
        #expect(mood.count == 2 && mood[0] == mood[1])
        #expect(topic[1] < topic[0])
    }

    @Test("A task that the base model has not learnt, or with other labels, is refused")
    func unknown() throws {
        let run = try TinyRun()
        var spec = TinyRun.sequence()
        spec.startsLearnt = true
        let error = #expect(throws: TrainingError.self) { try run.finish(spec, Recorder()) }
        #expect(error?.message.contains("mood") == true)
        spec = TinyRun.sequence()
        _ = try added(spec, run) { spec, inputs in
            try run.write("mood", (0..<60).map { #"{"text":"t \#($0)","label":"\#($0 % 3)"}"# })
            #expect(throws: TrainingError.self) {
                try run.finish(spec, Recorder(), inputs: inputs)
            }
            return Data()
        }
    }

    @Test("A head of a task that stays is not lost to one of its name")
    func headNames() throws {
        let run = try TinyRun()
        var spec = TinyRun.sequence()
        spec.tasks[1].head = "mood"
        #expect {
            try added(spec, run) { spec, inputs in
                var alone = spec
                alone.tasks.removeFirst()
                (alone.stages, alone.startsLearnt, alone.retention) = (nil, nil, nil)
                return try run.finish(alone, Recorder(), inputs: inputs)
            }
        } throws: { error in
            (error as? TrainingError)?.code == "spec_invalid"
                && (error as? TrainingError)?.message.contains("two heads of the name mood") == true
        }
    }
}
