import ArgumentParser
import CPUBackend
import Foundation
import JSON
import Tensor
import Training

extension ProductPrecision: ExpressibleByArgument {}

struct BenchStep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Tokens per second of a two-task training step.")

    @OptionGroup var options: BenchOptions

    @Option(help: "Steps to time.")
    var steps = 10

    @Option(help: "What large products round their factors to: fp32 or bf16.")
    var dtype = ProductPrecision.fp32

    @Option(help: "Write the weights and the batch here, for a peer to run the same step.")
    var dump: String?

    func validate() throws {
        guard (1...1000).contains(steps) else {
            throw ValidationError("--steps must be 1 to 1000, found \(steps)")
        }
    }

    func run() throws {
        let session = try BenchSession(options)
        guard session.backend.precisions.contains(dtype) else {
            throw CommandFailure("--dtype \(dtype) needs a processor with AVX512_BF16")
        }
        session.backend.precision = dtype
        if let dump { try session.dump(to: dump) }
        let first = try session.benchmark.run(steps: 1, warmup: 0)
        let timings = try session.benchmark.run(steps: steps, warmup: 1)
        let (median, upper) = StepBenchmark.median(timings.map(\.seconds))
        let tokens = Double(session.benchmark.tokens)
        print("numerics          \(session.backend.numerics)")
        print("tokens per step   \(session.benchmark.tokens)")
        print(String(format: "step              %.3f s (median of %d)", median, steps))
        print(String(format: "tokens per second %.1f", tokens / median))
        print("peak memory       \(BenchSession.peakBytes / 1_048_576) MiB")
        guard options.json else { return }
        let figures: JSON = [
            "tokens_per_second": .number(tokens / median), "step_seconds": .number(median),
            "step_seconds_upper": .number(upper), "steps": .integer(Int64(steps)),
            "losses": .array((first + timings).map { .array($0.losses.map { .number($0) }) }),
            "peak_gib": .number(Double(BenchSession.peakBytes) / 1_073_741_824),
            "numerics": .string(session.backend.numerics),
            "machine": session.machine(),
        ]
        print(figures.text)
    }
}
