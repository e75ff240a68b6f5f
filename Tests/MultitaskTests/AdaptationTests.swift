import Multitask
import Spec
import Testing

@Suite struct AdaptationTests {
    @Test("Each adaptation says what it needs")
    func needs() throws {
        func needs(_ spec: MethodSpec) throws -> AdaptationNeeds {
            try Multitask.adaptation(spec, tasks: ["a", "b"]).needs
        }
        #expect(try needs(MethodSpec("full")) == .backbone)
        #expect(try needs(MethodSpec("heads")) == .nothing)
        guard case .adapters(let shared) = try needs(MethodSpec("lora")) else {
            Issue.record("LoRA needs an adapter")
            return
        }
        #expect(shared.rank == 8 && shared.alpha == 16 && shared.targets.isEmpty)
        #expect(shared.scope == .run)
        let spec = MethodSpec(
            "adapter_per_task", ["rank": 2, "alpha": 4], lists: ["targets": ["q_proj"]])
        guard case .adapters(let added) = try needs(MethodSpec("o_lora")) else {
            Issue.record("O-LoRA needs adapters")
            return
        }
        #expect(added.rank == 8 && added.scope == .stage(orthogonality: 0.5))
        let progressive = MethodSpec("progressive", ["width": 5])
        #expect(try needs(progressive) == .columns(lateralWidth: 5))
        let alone = MethodSpec("progressive", options: ["laterals": "false"])
        #expect(try needs(alone) == .columns(lateralWidth: 0))
        guard case .adapters(let own) = try needs(spec) else {
            Issue.record("it needs adapters")
            return
        }
        #expect(own.rank == 2 && own.alpha == 4 && own.targets == ["q_proj"] && own.scope == .task)
    }

    @Test("A list that the method does not take, or a rank out of range, is refused")
    func refusals() {
        for spec in [
            MethodSpec("full", lists: ["targets": ["q_proj"]]),
            MethodSpec("lora", lists: ["layers": ["q_proj"]]), MethodSpec("lora", ["rank": 0]),
            MethodSpec("lora", ["alpha": 0]),
        ] {
            #expect(throws: MultitaskError.self) {
                try Multitask.adaptation(spec, tasks: ["a"])
            }
        }
    }

    private static func run(_ adaptation: String, _ change: (inout RunSpec) -> Void) -> RunSpec {
        var spec = RunSpec(
            name: "r", baseModel: "m",
            tasks: ["a", "b"].map { TaskSpec(name: $0, kind: .classification, dataset: "d") },
            adaptation: MethodSpec(adaptation))
        change(&spec)
        return spec
    }

    @Test(
        "What has no meaning beside an adaptation is refused, naming the field at fault",
        arguments: [
            (run("adapter_per_task") { $0.aggregation = MethodSpec("pcgrad") }, "aggregation"),
            (run("adapter_per_task") { $0.weighting = MethodSpec("gradnorm") }, "weighting"),
            (run("adapter_per_task") { $0.weighting = MethodSpec("uncertainty") }, nil),
            (
                run("adapter_per_task") {
                    ($0.stages, $0.retention) = ([["a"], ["b"]], [MethodSpec("ewc")])
                }, "retention"
            ),
            (run("adapter_per_task") { $0.stages = [["a"], ["b"]] }, nil),
            (run("heads") { $0.aggregation = MethodSpec("mgda") }, "aggregation"),
            (run("heads") { $0.tasks[1].kind = .generation }, "adaptation"),
            (run("adapter_per_task") { $0.tasks[1].kind = .generation }, nil),
            (
                run("lora") {
                    $0.aggregation = MethodSpec("pcgrad")
                    ($0.stages, $0.retention) = ([["a"], ["a", "b"]], [MethodSpec("ewc")])
                }, nil
            ),
            (
                run("lora") {
                    ($0.stages, $0.retention) = ([["a"], ["b"]], [MethodSpec("ties")])
                }, "retention"
            ),
            (
                run("full") {
                    ($0.stages, $0.retention) = ([["a"], ["b"]], [MethodSpec("ties")])
                }, nil
            ),
            (
                run("o_lora") {
                    ($0.stages, $0.retention) = ([["a"], ["b"]], [MethodSpec("ties")])
                }, "retention"
            ),
            (run("o_lora") { $0.stages = [["a"], ["b"]] }, nil),
            // One stage is one adapter, as in the runs that it is compared with.
            (run("o_lora") { _ in }, nil),
            (
                run("o_lora") {
                    ($0.stages, $0.retention) = ([["a"], ["b"]], [MethodSpec("ewc")])
                }, "retention"
            ),
            (
                run("o_lora") {
                    ($0.stages, $0.retention) = ([["a"], ["b"]], [MethodSpec("sfa")])
                }, "retention"
            ),
            (
                run("o_lora") {
                    ($0.stages, $0.retention) = ([["a"], ["b"]], [MethodSpec("replay")])
                    $0.aggregation = MethodSpec("pcgrad")
                }, nil
            ),
            (
                run("o_lora") {
                    $0.stages = [["a"], ["b"]]
                    $0.adaptation = MethodSpec("o_lora", ["rank": 513])
                }, "adaptation.rank"
            ),
            (run("progressive") { $0.stages = [["a"], ["a", "b"]] }, "stages"),
            (
                run("progressive") {
                    $0.stages = [["a"], ["b"]]
                    for index in 0..<2 { $0.tasks[index].head = "h" }
                }, "tasks"
            ),
            (
                run("heads") {
                    $0.stages = [["a"], ["b"]]
                    $0.retention = [MethodSpec("replay")]
                    for index in 0..<2 { $0.tasks[index].head = "h" }
                }, nil
            ),
            (run("progressive") { $0.stages = [["a"], ["b"]] }, nil),
            (
                run("progressive") {
                    ($0.stages, $0.optimizer.restartsEachStage) = ([["a"], ["b"]], false)
                }, "optimizer.restart_each_stage"
            ),
            (
                run("progressive") {
                    ($0.stages, $0.retention) = ([["a"], ["b"]], [MethodSpec("replay")])
                }, "retention"
            ),
            (run("full") { $0.weighting = MethodSpec("gradnorm") }, nil),
        ] as [(RunSpec, String?)])
    func combinations(spec: RunSpec, parameter: String?) {
        #expect(spec.contradiction(Multitask.catalogue)?.parameter == parameter)
    }
}
