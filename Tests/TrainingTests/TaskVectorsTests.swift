import CPUBackend
import Foundation
import Models
import Spec
import Tensor
import Testing

@testable import Multitask
@testable import Training

@Suite(.serialized) struct TaskVectorsTests {
    private let backend = CPUBackend(threads: 1)

    /// The weights after each of some stages, given by what each ends with before the merge.
    private func merged(
        _ need: RetentionNeeds.TaskVectors, start: [[Float]], stages: [[[Float]]]
    ) -> [[[Float]]] {
        let parameters = start.enumerated().map { place, values in
            Parameter(name: "p\(place)", value: Tensor(values, [values.count], backend: backend))
        }
        let vectors = TaskVectors(
            need, parameters, places: Array(parameters.indices), backend: backend)
        return stages.map { stage in
            for (parameter, change) in zip(parameters, stage) {
                for (i, value) in change.enumerated() { parameter.value.pointer[i] += value }
            }
            vectors.merge()
            let found = parameters.map { $0.value.floats() }
            vectors.startAnew()
            return found
        }
    }

    @Test("Task arithmetic adds up what stages changed, each from the start")
    func sum() {
        let found = merged(
            .init(scale: 0.5, density: nil), start: [[1, 2], [0]],
            stages: [[[4, 0], [-2]], [[-2, 8], [-4]]])
        #expect(found == [[[3, 2], [-1]], [[2, 6], [-3]]])
    }

    /// Eight values in two parameters, half of which stay, by hand. Trimmed over both together:
    /// stage 1 keeps 8, −6, 5, 4, stage 2 keeps −7, −4, 3, −6, stage 3 keeps 2, −9, 4, 3.
    @Test("TIES trims over all weights, elects signs and takes the mean of those that agree")
    func ties() {
        let stages: [[[Float]]] = [
            [[8, -6, 1, 0, 5], [4, -1, 2]],
            [[-7, -4, 3, 0, 1], [-6, 0.5, 1]],
            [[2, -9, 0, 0, 1], [0, 4, 3]],
        ]
        let found = merged(
            .init(scale: 2, density: 0.5), start: [[1, 1, 1, 1, 1], [0, 0, 0]], stages: stages)
        // Alone, a stage is what is left of it, scaled.
        #expect(found[0] == [[17, -11, 1, 1, 11], [8, 0, 0]])
        // 8 and −7 agree on +: 8 alone, not their mean; 4 and −6 agree on −.
        #expect(found[1] == [[17, -9, 7, 1, 11], [-12, 0, 0]])
        // (8 + 2)/2, the mean of −6, −4 and −9, 3 alone.
        let third: Float = 1 - 2 * 19 / 3
        #expect(found[2][0] == [11, third, 7, 1, 11])
        #expect(found[2][1] == [-12, 8, 6])
    }

    @Test("Where the largest that stays is 0, nothing that did not move is counted")
    func idle() {
        let found = merged(
            .init(scale: 1, density: 1), start: [[0, 0]], stages: [[[0, 2]], [[4, 0]], [[0, 0]]])
        #expect(found.last == [[4, 2]])
    }

    @Test("The threshold of magnitudes is the sorted values'", arguments: [0.001, 0.2, 0.5, 1])
    func threshold(share: Double) {
        var generator = SeededGenerator(7, 1, 2)
        // Many scales and signs, equal ones, zeros of both signs and the smallest there is.
        var values = (0..<999).map { i in
            Float.random(in: -1...1, using: &generator) * Float(pow(10, Double(i % 12) - 6))
        }
        values += [0, -0.0, .leastNonzeroMagnitude, 1, -1, 1, .greatestFiniteMagnitude]
        let sorted = values.map(\.magnitude).sorted(by: >)
        let kept = max(1, Int((share * Double(values.count)).rounded()))
        let found = MagnitudeRank(share: share).threshold { values.forEach($0) }
        #expect(found == sorted[kept - 1])
    }

    @Test("A scale of 1 leaves the first stage as it was trained; the model is linear in the scale")
    func run() throws {
        func backbone(_ retention: [MethodSpec]?) throws -> (mood: [Double], values: [[Float]]) {
            let run = try TinyRun()
            let recorder = Recorder()
            let data = try run.finish(
                TinyRun.sequence(retention, learningRate: 1e-2, epochs: 2), recorder)
            let path = "\(run.folder)/trained.safetensors"
            try data.write(to: URL(fileURLWithPath: path))
            return (
                recorder.values("mood", "loss", "validation"),
                try run.model(weights: path).backbone.parameters.map { $0.value.floats() }
            )
        }
        func scaled(_ scale: Double) -> [MethodSpec] {
            [MethodSpec("task_arithmetic", ["lambda": scale])]
        }
        let naive = try backbone(nil)
        let whole = try backbone(scaled(1))
        for (found, expected) in zip(whole.mood.prefix(3), naive.mood.prefix(3)) {
            #expect(abs(found - expected) < 1e-5)
        }
        #expect(whole.mood.count == 5 && whole.mood[4] != naive.mood[4])
        let start = try TinyRun().model().backbone.parameters.map { $0.value.floats() }
        #expect(try backbone(scaled(0)).values == start)
        let half = try backbone(scaled(0.5))
        for ((one, two), first) in zip(zip(whole.values, half.values), start) {
            for i in first.indices {
                #expect(abs((one[i] + first[i]) / 2 - two[i]) < 1e-6)
            }
        }
    }

    @Test("Early warning looks at the model of all stages, not at that of one on its way")
    func warning() throws {
        let recorder = Recorder()
        var spec = TinyRun.sequence(
            [MethodSpec("task_arithmetic", ["lambda": 1])], learningRate: 1e-2, epochs: 3)
        for index in spec.tasks.indices { spec.tasks[index].metric = "loss" }
        spec.earlyWarning = EarlyWarningSpec(drop: 0.02)
        _ = try TinyRun().finish(spec, recorder)
        let steps = Set(recorder.points.filter { $0.name == "early_warning" }.map(\.step))
        let ends = Set(recorder.points.filter { $0.name == "stage_end" }.map(\.step))
        #expect(!steps.isEmpty && steps.isSubset(of: ends))
        let warnings = recorder.events.filter { $0.kind == "early_warning" }
        #expect(warnings.allSatisfy { $0.message.contains("stages are trained apart") })
        // In between, the first task is as far from its best as it was before the run.
        let losses = recorder.values("mood", "loss", "validation")
        #expect(losses[4] > 1.02 * losses[3])
    }
}
