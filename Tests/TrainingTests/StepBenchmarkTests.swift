import Spec
import Testing

@testable import Training

@Suite struct StepBenchmarkTests {
    @Test("It runs the trainer's step on the batch that it hands to a peer, and learns it")
    func steps() throws {
        let run = try TinyRun()
        let model = try run.model()
        let benchmark = try StepBenchmark(model, backend: run.backend, sequences: 2, length: 8)
        #expect(benchmark.tokens == 32)
        #expect(benchmark.batch.generationTargets.allSatisfy { $0.count == 8 })
        let timings = try benchmark.run(steps: 30, warmup: 0)
        #expect(timings.allSatisfy { $0.seconds > 0 && $0.losses.count == 2 })
        let (first, last) = (timings[0].losses, timings[29].losses)
        #expect(last[0] + last[1] < first[0] + first[1])
        let methods: [(String, MethodDescriptor.Family)] = [
            ("gradnorm", .weighting), ("pcgrad", .aggregation), ("ewc", .retention),
            ("famo", .weighting), ("replay", .retention), ("a_gem", .retention),
        ]
        for (method, family) in methods {
            let cost = try benchmark.cost(of: MethodSpec(method), family, pairs: 4, warmup: 1)
            #expect(cost.ratios.count == 4 && cost.ratios.allSatisfy { $0 > 0 })
            #expect(cost.memory >= 1)
        }
        #expect(try benchmark.probeCost(pairs: 2).ratios.allSatisfy { $0 > 1 })
        #expect(try benchmark.importanceCost(pairs: 2).ratios.allSatisfy { $0 > 0 })
    }

    @Test("More tasks share the same sequences")
    func tasks() throws {
        let run = try TinyRun()
        let model = try run.model()
        let benchmark = try StepBenchmark(
            model, backend: run.backend, taskCount: 4, sequences: 2, length: 8)
        #expect(benchmark.tokens == 32)
        #expect(try benchmark.run(steps: 1, warmup: 0)[0].losses.count == 4)
    }

    @Test("The upper end of a median's interval is the order statistic of the sign test")
    func median() {
        let values = (1...20).map(Double.init)
        // n = 20: ⌈10 + 0.98·4.47⌉ = 15.
        #expect(StepBenchmark.median(values.reversed()) == (10.5, 15))
        #expect(StepBenchmark.median([3]) == (3, 3))
    }
}
