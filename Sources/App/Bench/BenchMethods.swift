import ArgumentParser
import CPUBackend
import Foundation
import JSON
import Multitask
import Spec
import Training

struct BenchMethods: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "methods",
        abstract: "What each weighting method costs: its step over a plain one.")

    @OptionGroup var options: BenchOptions

    @Option(help: "Pairs of steps to time for each method.")
    var pairs = 20

    func validate() throws {
        guard (4...1000).contains(pairs) else {
            throw ValidationError("--pairs must be 4 to 1000, found \(pairs)")
        }
    }

    func run() throws {
        let session = try BenchSession(options)
        let methods = Multitask.catalogue.filter { $0.family == .weighting && !$0.takesTaskValues }
        var figures: JSONObject = [:]
        print("method            step over plain, median   upper 95 % bound")
        for method in methods {
            let ratios = try session.benchmark.pairedRatios(
                weighting: MethodSpec(method.name, Self.defaults(method)), pairs: pairs)
            let (median, upper) = StepBenchmark.median(ratios)
            let name = method.name.padding(toLength: 18, withPad: " ", startingAt: 0)
            print(name + String(format: "%.3f                     %.3f", median, upper))
            figures[method.name] = .number(median)
            figures["\(method.name)_upper"] = .number(upper)
        }
        print("peak memory       \(BenchSession.peakBytes / 1_048_576) MiB")
        guard options.json else { return }
        figures["pairs"] = .integer(Int64(pairs))
        figures["machine"] = session.machine()
        print(JSON.object(figures).text)
    }

    private static func defaults(_ method: MethodDescriptor) -> [String: Double] {
        Dictionary(
            method.parameters.map { ($0.name, $0.default) }, uniquingKeysWith: { first, _ in first }
        )
    }
}
