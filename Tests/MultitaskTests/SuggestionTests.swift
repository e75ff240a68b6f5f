import Spec
import Testing

@testable import Multitask

@Suite struct SuggestionTests {
    private typealias Points = InterferencePoints

    private func forgetting(_ spec: RunSpec) -> [MetricPoint] {
        Points.scores(spec, [(0, 0, [0.2, 0.3]), (10, 1, [0.9, 0.3]), (20, 2, [0.6, 0.8])])
    }

    @Test(
        "A remedy is one that the run has not, and that would be taken",
        arguments: [
            ([], "replay"), (["replay"], "ewc"), (["ewc"], "replay"), (["der_pp"], "ewc"),
            (["replay", "mas"], "lwf"), (["online_ewc", "der_pp"], "lwf"),
            (["l2_sp", "replay", "lwf"], "a_gem"), (["replay", "ewc", "lwf", "a_gem"], nil),
        ] as [([String], String?)])
    func retention(used: [String], next: String?) {
        var spec = Points.spec(stages: [["a"], ["b"]])
        spec.retention = used.isEmpty ? nil : used.map { MethodSpec($0) }
        guard spec.contradiction(Multitask.catalogue) == nil else {
            Issue.record("a run cannot be like this: \(used)")
            return
        }
        let suggestion = InterferenceReport(spec, points: forgetting(spec)).suggestion(spec)
        #expect(suggestion?.method.method == next)
        guard let applied = suggestion?.applied(to: spec) else { return }
        #expect(applied.contradiction(Multitask.catalogue) == nil)
        #expect(applied.retention?.count == used.count + 1)
    }

    @Test("Nothing is suggested that every run like it would be refused")
    func refused() {
        var spec = Points.spec(stages: [["a"], ["b"]])
        spec.adaptation = MethodSpec("progressive")
        #expect(InterferenceReport(spec, points: forgetting(spec)).suggestion(spec) == nil)
        // One task a stage: there are no gradients to combine.
        let staged = Points.spec(stages: [["a"], ["b"]])
        let opposed = Points.cosines([-0.3, -0.35, -0.25, -0.3])
        #expect(InterferenceReport(staged, points: opposed).suggestion(staged) == nil)
        var joint = Points.spec()
        #expect(
            InterferenceReport(joint, points: opposed).suggestion(joint)?.method.method == "upgrad")
        joint.aggregation = MethodSpec("pcgrad")
        #expect(InterferenceReport(joint, points: opposed).suggestion(joint) == nil)
    }

    @Test(
        "Unequal shares are not answered with what drew them",
        arguments: [("proportional", "temperature"), ("temperature", "uniform"), ("uniform", nil)]
            as [(String, String?)])
    func mixing(used: String, next: String?) {
        var spec = Points.spec()
        spec.mixing = MethodSpec(used)
        let rows: [String: Double] = used == "uniform" ? ["a": 5, "b": 5] : ["a": 90, "b": 10]
        let report = InterferenceReport(spec, points: Points.rowsSampled([rows]))
        #expect(report.suggestion(spec)?.method.method == next)
    }
}
