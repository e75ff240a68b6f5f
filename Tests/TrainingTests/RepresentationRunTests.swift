import Foundation
import Multitask
import Spec
import Testing

@testable import Training

@Suite(.serialized) struct RepresentationRunTests {
    private func drift(_ recorder: Recorder) -> [MetricPoint] {
        recorder.points.filter { $0.name.hasPrefix("drift_") }
    }

    @Test("Every evaluation says how far each layer moved, and the end shows a map")
    func measures() throws {
        let recorder = Recorder()
        _ = try TinyRun().finish(TinyRun.sequence(), recorder)
        let points = drift(recorder)
        let layers = Set(points.map(\.name))
        // The embeddings and two blocks, in two figures each, after each of two epochs.
        #expect(layers.count == 2 * 3 && points.count == 2 * layers.count)
        #expect(points.allSatisfy { $0.value <= 1 + 1e-9 && $0.value > 0 })
        let last = points.filter { $0.name == "drift_cosine.2" }.map(\.value)
        #expect(last.allSatisfy { $0 < 0.9999 }, "training moves the last layer")
        let json = try #require(recorder.documents["map"])
        let map = try JSONDecoder().decode(RepresentationMap.self, from: Data(json.utf8))
        #expect(Set(map.tasks) == [0, 1] && map.tasks.count > 4)
        #expect(map.principal.before.count == map.tasks.count)
        #expect(map.principal.after.count == map.tasks.count)
        #expect(map.principal.before != map.principal.after)
        #expect(map.neighbours.after.count == map.tasks.count)
    }

    @Test("Of progressive columns each is seen by the rows of its own tasks")
    func columns() throws {
        let recorder = Recorder()
        var spec = TinyRun.sequence()
        spec.adaptation = MethodSpec("progressive", ["width": 8])
        _ = try TinyRun().finish(spec, recorder)
        let last = drift(recorder).filter { $0.name == "drift_cosine.2" }.map(\.value)
        // The first column rests in the second stage: what moves is the other one.
        #expect(last.count == 2 && last[0] != last[1])
    }

    @Test("A run that learns nothing drifts nowhere")
    func still() throws {
        let recorder = Recorder()
        var spec = TinyRun.sequence(learningRate: 1e-30)
        spec.optimizer.weightDecay = 0
        _ = try TinyRun().finish(spec, recorder)
        // The same bits in; double rounding is all that is left.
        #expect(drift(recorder).allSatisfy { abs($0.value - 1) < 1e-9 })
    }

    @Test("A run that was interrupted compares with the same start")
    func resumes() throws {
        let whole = Recorder()
        _ = try TinyRun().finish(TinyRun.sequence(), whole)
        let run = try TinyRun()
        let paused = Recorder()
        // In the middle of the second stage.
        let polls = whole.polls
        paused.steer = { $0 == polls - 12 ? .pause : .proceed }
        _ = try Trainer.run(
            TinyRun.sequence(), inputs: run.inputs(), backend: run.backend, observer: paused)
        let resumed = Recorder()
        _ = try run.finish(TinyRun.sequence(), resumed, checkpoint: paused.checkpoints.last)
        let expected = drift(whole).filter { point in
            drift(resumed).contains { $0.step == point.step }
        }
        #expect(!expected.isEmpty && drift(resumed) == expected)
        #expect(resumed.documents == whole.documents)
    }
}
