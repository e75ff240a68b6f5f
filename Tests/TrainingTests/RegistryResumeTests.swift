import CPUBackend
import Foundation
import Multitask
import Spec
import Testing

@testable import Training

/// "100 steps" equals "50, stop, 50", for every method of the registry: one that joins it is
/// tested by that alone.
@Suite(.serialized) struct RegistryResumeTests {
    private static func spec(_ descriptor: MethodDescriptor) -> RunSpec {
        var method = MethodSpec(descriptor.name)
        if descriptor.parameters.contains(where: { $0.name == "samples" }) {
            method.parameters["samples"] = 6
        }
        if descriptor.takesTaskValues { method.tasks = ["mood": 1, "reply": 2] }
        var spec = TinyRun.spec()
        switch descriptor.family {
        case .mixing: spec.mixing = method
        case .curriculum: spec.curriculum = method
        case .weighting:
            spec.weighting = method
            // More epochs than a method needs before it moves by epochs.
            spec.epochs = 4
        case .aggregation: spec.aggregation = method
        case .adaptation:
            spec.adaptation = method
            // Tasks with heads, which is what one of them trains alone.
            spec.tasks[1] = TaskSpec(name: "topic", kind: .classification, dataset: "topic")
            if [.additions, .stage].contains(descriptor.sharing) {
                spec.stages = [["mood"], ["topic"]]
            }
        case .retention: spec = TinyRun.sequence([method], epochs: 2)
        }
        return spec
    }

    @Test(
        "Stopping at every few polls ends in the bits of a run that never stopped",
        arguments: Multitask.catalogue.map { "\($0.family.rawValue) \($0.name)" })
    func resumes(name: String) throws {
        let descriptor = try #require(
            Multitask.catalogue.first { "\($0.family.rawValue) \($0.name)" == name })
        let spec = Self.spec(descriptor)
        let straight = Recorder()
        let expected = try TinyRun().finish(spec, straight)
        // Some five stops a run: in epochs, in evaluations and between stages. What polls before
        // it has anything to keep must fit between two of them.
        let stop = max(12, straight.polls / 5)
        let run = try TinyRun()
        var checkpoint: String?
        for _ in 0..<60 {
            let recorder = Recorder()
            recorder.steer = { $0 == stop ? .pause : .proceed }
            let outcome = try Trainer.run(
                spec, inputs: run.inputs(checkpoint: checkpoint), backend: run.backend,
                observer: recorder)
            if case .finished(let path, _, _) = outcome {
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == expected)
                return
            }
            checkpoint = recorder.checkpoints.last
        }
        Issue.record("the run made no progress between pauses")
    }
}
