import CPUBackend
import Glibc
import Models
import Multitask
import NN
import Spec
import Tensor
import Testing

@testable import Training

@Suite struct GradientProbeTests {
    @Test("A measurement equals separate passes over each task, and changes nothing")
    func separatePasses() throws {
        let run = try TinyRun()
        let model = try run.model()
        let head = HeadSpec(
            task: "mood", kind: "classification", labels: ["a", "b"], format: "raw",
            maxLength: 64)
        model.addClassifier(head, seed: 5)
        let runner = StepRunner(
            model,
            tasks: [
                TrainingTask(name: "mood", kind: .classification),
                TrainingTask(name: "reply", kind: .generation),
            ],
            optimizer: AdamW(model.parameters, AdamWConfiguration(), backend: run.backend),
            methods: StepMethods(), clip: 1, backend: run.backend)
        var generator = SeededGenerator(11)
        func tokens(_ count: Int) -> [Int32] {
            (0..<count).map { _ in Int32(generator.next() % 256) }
        }
        let examples =
            [5, 17, 9].map { Example(task: 0, tokens: tokens($0), targets: [Int32($0 % 2)]) }
            + [12, 30].map { Example(task: 1, sequence: tokens($0), targetStart: $0 / 2) }
        for _ in 0..<2 { _ = try runner.step(examples, learningRate: 1e-3) }
        // Adam's diagonal of one or two gradients says nothing of a step to come.
        #expect(try GradientProbe(runner).measure(examples)?.effects == [])
        _ = try runner.step(examples, learningRate: 1e-3)
        let before = model.parameters.map { $0.value.floats() }
        let found = try #require(try GradientProbe(runner).measure(examples))
        #expect(model.parameters.map { $0.value.floats() } == before)
        #expect(model.parameters.allSatisfy { $0.isTrainable && $0.slots == 1 })

        // The tiny model fits whole: every matrix of the blocks is probed.
        let table = model.backbone.outputProjection
        let probed = runner.shared.indices.filter {
            model.parameters[$0].value.shape.count == 2 && model.parameters[$0] !== table
        }
        func gradient(_ rows: [Example]) throws -> [Double] {
            let weighted = rows.map { StepRow($0, weight: 1 / Double(rows.count)) }
            _ = try runner.pass.run(weighted, recording: true)
            return probed.flatMap { model.parameters[$0].gradients[0]?.floats() ?? [] }
                .map(Double.init)
        }
        func dot(_ a: [Double], _ b: [Double]) -> Double {
            zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
        }
        func cosine(_ a: [Double], _ b: [Double]) -> Double {
            dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
        }
        let moods = examples.filter { $0.task == 0 }
        let (a, b) = (try gradient(moods), try gradient(examples.filter { $0.task == 1 }))
        #expect(found.tasks == [0, 1])
        #expect(abs(found.cosines[0][1] - cosine(a, b)) < 1e-4)
        #expect(abs(found.norms[0] - dot(a, a).squareRoot()) < 1e-4 * found.norms[0])
        let halves = (try gradient([moods[0], moods[2]]), try gradient([moods[1]]))
        #expect(abs(try #require(found.within[0]) - cosine(halves.0, halves.1)) < 1e-4)
        // P from Adam's own second moments.
        let diagonal = probed.flatMap { index in
            runner.optimizer.state(index).second.floats().map {
                1 / ((Double($0) / (1 - pow(0.999, 3))).squareRoot() + 1e-8)
            }
        }
        let effect = -zip(zip(a, b), diagonal).reduce(0) { $0 + $1.0.0 * $1.0.1 * $1.1 }
        let own = zip(a, diagonal).reduce(0) { $0 + $1.0 * $1.0 * $1.1 }
        #expect(abs(found.effects[0][1] - effect) < 1e-3 * own)
        #expect(abs(found.effects[0][0] + own) < 1e-3 * own)
    }

    @Test(
        "Each epoch is measured half-way at the latest, short ones now and then",
        arguments: [
            (100, [20, 60]), (40, [20]), (12, [6]), (3, [1, 10, 19, 28, 37]), (1, [0, 10, 20, 30]),
        ])
    func due(steps: Int, expected: [Int]) {
        // The first forty steps of short epochs, or one long one.
        let epochs = steps < 12 ? 40 / steps : 1
        let found = (0..<epochs).flatMap { epoch in
            (0..<steps).filter { GradientProbe.isDue(epoch: epoch, step: $0, of: steps) }
                .map { epoch * steps + $0 }
        }
        #expect(found == expected)
    }
}
