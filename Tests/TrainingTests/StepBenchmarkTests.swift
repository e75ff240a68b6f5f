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
        let ratios = try benchmark.pairedRatios(
            weighting: MethodSpec("gradnorm"), pairs: 4, warmup: 1)
        #expect(ratios.count == 4 && ratios.allSatisfy { $0 > 0 })
    }

    @Test("The upper end of a median's interval is the order statistic of the sign test")
    func median() {
        let values = (1...20).map(Double.init)
        // n = 20: ⌈10 + 0.98·4.47⌉ = 15.
        #expect(StepBenchmark.median(values.reversed()) == (10.5, 15))
        #expect(StepBenchmark.median([3]) == (3, 3))
    }
}
