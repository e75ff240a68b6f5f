import ArgumentParser
import CPUBackend
import Foundation
import Glibc
import JSON
import Multitask
import Spec
import Training

struct BenchMethods: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "methods",
        abstract: "What methods cost: a step with a method over one with equal weights.",
        discussion: """
            The same sequences are shared out among the tasks, half classification, half
            generation. Steps are timed in pairs, one with the method and one without, which
            comes first alternating. The JSON has the medians for two tasks by name, the others
            under tasks_4 and tasks_8.
            """)

    @OptionGroup var options: BenchOptions

    @Option(help: "Pairs of steps to time for each method.")
    var pairs = 20

    @Option(
        help: """
            Numbers of tasks, separated by commas; each even, at most twice --sequences. 2,4,8 \
            take an hour.
            """)
    var tasks = "2"

    @Option(help: "Methods to measure, separated by commas; `all` for every one.")
    var only =
        "gradnorm,uncertainty,famo,pcgrad,cagrad,mgda,upgrad,replay,ewc,a_gem,probe,importance"

    private var taskCounts: [Int] { tasks.split(separator: ",").compactMap { Int($0) } }

    func validate() throws {
        guard (4...1000).contains(pairs) else {
            throw ValidationError("--pairs must be 4 to 1000, found \(pairs)")
        }
        let isUsable = taskCounts.allSatisfy {
            $0 % 2 == 0 && (2...2 * options.sequences).contains($0)
        }
        guard isUsable, !taskCounts.isEmpty else {
            throw ValidationError(
                "--tasks must be even numbers from 2 to \(2 * options.sequences)")
        }
    }

    func run() throws {
        var figures: JSONObject = [:]
        print("tasks  method            step over equal weights, median   upper 95 %   memory")
        for count in taskCounts {
            let session = try BenchSession(options, tasks: count)
            var own: JSONObject = [:]
            for (name, measure) in measurements(session.benchmark) {
                let cost = try measure()
                let (median, upper) = StepBenchmark.median(cost.ratios)
                print(
                    String(format: "%-7d", count)
                        + name.padding(toLength: 18, withPad: " ", startingAt: 0)
                        + String(
                            format: "%.3f                             %.3f        %.2f", median,
                            upper, cost.memory))
                // A line at a time, also into a file: the whole takes minutes.
                fflush(nil)
                own[name] = .number(median)
                own["\(name)_upper"] = .number(upper)
                own["\(name)_memory"] = .number(cost.memory)
            }
            if count == 2 {
                for name in own.names { figures[name] = own[name] }
                figures["machine"] = session.machine()
            } else {
                figures["tasks_\(count)"] = .object(own)
            }
        }
        print("peak memory       \(BenchSession.peakBytes / 1_048_576) MiB")
        guard options.json else { return }
        figures["pairs"] = .integer(Int64(pairs))
        print(JSON.object(figures).text)
    }

    /// Equal weights and the sum are what the others are measured against: they stay as controls.
    /// `probe` is the measurement of gradients that every run of several tasks makes beside its
    /// steps; `importance` is what EWC does once after a stage, over a training step on the same rows.
    private func measurements(
        _ benchmark: StepBenchmark
    ) -> [(name: String, measure: () throws -> StepBenchmark.Cost)] {
        let names = only == "all" ? nil : only.split(separator: ",").map(String.init)
        let methods = Multitask.catalogue.filter(Self.isMeasured).map { method in
            (
                method.name,
                { [pairs] in
                    try benchmark.cost(
                        of: MethodSpec(method.name), method.family, pairs: pairs)
                }
            )
        }
        let others: [(String, () throws -> StepBenchmark.Cost)] = [
            ("probe", { [pairs] in try benchmark.probeCost(pairs: pairs) }),
            ("importance", { [pairs] in try benchmark.importanceCost(pairs: pairs) }),
        ]
        return (methods + others).filter { names?.contains($0.0) ?? true }
    }

    private static func isMeasured(_ method: MethodDescriptor) -> Bool {
        switch method.family {
        case .weighting, .aggregation: return !method.takesTaskValues
        case .retention:
            let needs = try? Multitask.retention(MethodSpec(method.name), tasks: []).needs
            return needs?.anchor != nil || needs?.replay != nil || needs?.reference != nil
        case .mixing, .curriculum, .adaptation: return false
        }
    }
}
