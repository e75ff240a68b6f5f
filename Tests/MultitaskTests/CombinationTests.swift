import Spec
import Testing

@testable import Multitask

/// Every weighting with every aggregation and every pair of retention methods, in one stage of
/// two tasks, one task after the other, and a pair after a single one. What is refused is said
/// here once more, by name.
@Suite struct CombinationTests {
    private static let plans: [[[String]]?] = [nil, [["a"], ["b"]], [["a"], ["b", "c"]]]

    private static func names(_ family: MethodDescriptor.Family) -> [String] {
        Multitask.catalogue.filter { $0.family == family }.map(\.name)
    }

    /// None, each alone, and each pair.
    private static var retentions: [[String]] {
        let names = Self.names(.retention)
        return [[]] + names.map { [$0] }
            + names.indices.flatMap { i in names[(i + 1)...].map { [names[i], $0] } }
    }

    private static func spec(
        _ weighting: String?, _ aggregation: String?, _ retention: [String], _ plan: [[String]]?
    ) -> RunSpec {
        let values = Dictionary(uniqueKeysWithValues: ["a", "b", "c"].map { ($0, 1.0) })
        func chosen(_ family: MethodDescriptor.Family, _ name: String) -> MethodSpec {
            let takesValues = Multitask.catalogue.contains {
                $0.family == family && $0.name == name && $0.takesTaskValues
            }
            return MethodSpec(name, tasks: takesValues ? values : [:])
        }
        return RunSpec(
            name: "run", baseModel: "base",
            tasks: ["a", "b", "c"].map {
                TaskSpec(name: $0, kind: .classification, dataset: $0)
            },
            weighting: weighting.map { chosen(.weighting, $0) },
            aggregation: aggregation.map { chosen(.aggregation, $0) },
            retention: retention.isEmpty ? nil : retention.map { MethodSpec($0) }, stages: plan,
            epochs: 3)
    }

    private static let balances: Set = [
        "rlw", "uncertainty", "dwa", "gradnorm", "famo", "pcgrad", "cagrad", "mgda", "upgrad",
        "dualproj", "imtl_g", "aligned_mtl", "nash_mtl",
    ]
    private static let forms: [Set] = [
        ["replay", "der_pp"], ["ewc", "online_ewc", "mas", "si", "l2_sp"],
        ["task_arithmetic", "ties"],
    ]
    private static let merges: Set = ["task_arithmetic", "ties"]
    private static let holds: Set = ["ewc", "online_ewc", "mas", "si", "sfa"]

    /// The field that is refused.
    private static func expected(
        _ weighting: String?, _ aggregation: String?, _ retention: [String], _ plan: [[String]]?
    ) -> String? {
        let isScaleFree = ["imtl_g", "nash_mtl"].contains(aggregation)
        if isScaleFree, weighting != nil { return "weighting" }
        if !retention.isEmpty, retention != ["l2_sp"], plan == nil { return "retention" }
        if forms.contains(where: { $0.isSuperset(of: retention) && retention.count == 2 }) {
            return "retention"
        }
        if !merges.isDisjoint(with: retention), !holds.isDisjoint(with: retention) {
            return "retention"
        }
        let mixesTerms = weighting == "gradnorm" && retention.contains("lwf")
        guard plan?.allSatisfy({ $0.count == 1 }) ?? false, !retention.contains("replay") else {
            return mixesTerms ? "weighting" : nil
        }
        if let aggregation, balances.contains(aggregation), !retention.contains("der_pp") {
            return "aggregation"
        }
        if let weighting, balances.contains(weighting) { return "weighting" }
        return nil
    }

    @Test("Each combination is taken or refused for the field that makes no sense")
    func matrix() throws {
        let weightings = [nil] + Self.names(.weighting).map(Optional.some)
        let aggregations = [nil] + Self.names(.aggregation).map(Optional.some)
        for plan in Self.plans {
            for retention in Self.retentions {
                for (weighting, aggregation) in weightings.flatMap({ one in
                    aggregations.map { (one, $0) }
                }) {
                    let found = Self.spec(weighting, aggregation, retention, plan)
                        .contradiction(Multitask.catalogue)
                    let want = Self.expected(weighting, aggregation, retention, plan)
                    #expect(
                        found?.parameter == want,
                        "\(weighting ?? "-") \(aggregation ?? "-") \(retention) \(plan ?? [])")
                }
            }
        }
    }

    @Test("Shares that leave a stage without rows are refused")
    func emptyStage() {
        for (shares, isRefused) in [
            (["a": 0.0, "b": 1, "c": 1], true), (["a": 1, "b": 0, "c": 1], false),
            (["a": 1, "b": 0, "c": 0], true), (["a": 0, "b": 0, "c": 0], true),
            (["a": 1e-200, "b": 1e200, "c": 1], true),
        ] {
            var spec = Self.spec(nil, nil, [], [["a"], ["b", "c"]])
            spec.mixing = MethodSpec("explicit", tasks: shares)
            let found = spec.contradiction(Multitask.catalogue)
            #expect((found?.parameter == "mixing.tasks") == isRefused, "\(shares)")
        }
    }

    @Test(
        "A method that would change nothing in so few epochs is refused",
        arguments: [
            ("mixing", "annealed", 1, 3, true), ("mixing", "annealed", 2, 1, false),
            ("weighting", "dwa", 2, 1, true), ("weighting", "dwa", 3, 1, false),
            ("weighting", "dwa", 1, 3, false), ("weighting", "dwa", 1, 2, true),
        ])
    func epochs(field: String, method: String, epochs: Int, stages: Int, isRefused: Bool) {
        var spec = Self.spec(nil, nil, [], (0..<stages).map { _ in ["a", "b", "c"] })
        spec.epochs = epochs
        if field == "mixing" { spec.mixing = MethodSpec(method) }
        if field == "weighting" { spec.weighting = MethodSpec(method) }
        let found = spec.contradiction(Multitask.catalogue)
        #expect(found?.parameter == (isRefused ? "\(field).method" : nil))
    }

    @Test(
        "A policy needs something to strengthen, a drop something that can fall so far",
        arguments: [
            (["a_gem"], 0.05, "accuracy", "early_warning.policy"),
            (["a_gem", "ewc"], 0.05, "accuracy", nil),
            ([], 0.05, "accuracy", "early_warning.policy"),
            (["ewc"], 1, "accuracy", "early_warning.drop"), (["ewc"], 1, "loss", nil),
        ])
    func warnings(retention: [String], drop: Double, metric: String, refused: String?) {
        var spec = Self.spec(nil, nil, retention, [["a"], ["b", "c"]])
        spec.tasks[0].metric = metric
        spec.earlyWarning = EarlyWarningSpec(drop: drop, policy: .strengthenRetention)
        #expect(spec.contradiction(Multitask.catalogue)?.parameter == refused)
    }

    @Test("Baselines need two tasks that the run trains")
    func baselines() {
        for (plan, isRefused) in [
            ([["a"]], true), ([["a", "b"]], false), ([["a"], ["b"]], false),
        ] {
            var spec = Self.spec(nil, nil, [], plan)
            spec.baselines = [.equal]
            let found = spec.contradiction(Multitask.catalogue)
            #expect((found?.parameter == "baselines") == isRefused)
        }
    }

    @Test("What looks at outputs is refused where an earlier task has others")
    func kinds() {
        for (name, isRefused) in [("mas", true), ("lwf", false), ("ewc", false)] {
            var spec = Self.spec(nil, nil, [name], [["a"], ["b", "c"]])
            spec.tasks[0].kind = .generation
            let found = spec.contradiction(Multitask.catalogue)
            #expect((found?.parameter == "retention") == isRefused, "\(name)")
        }
    }

    @Test("What learns from steps is refused where earlier tasks have none in the run")
    func learnt() {
        let refused = Self.names(.retention).filter { name in
            var spec = Self.spec(nil, nil, [name], [["a"], ["b", "c"]])
            spec.startsLearnt = true
            return spec.contradiction(Multitask.catalogue) != nil
        }
        #expect(refused == ["si", "task_arithmetic", "ties"])
    }

    @Test("What keeps rows or answers needs a stage that leaves an earlier task out")
    func overlapping() {
        let refused = Self.names(.retention).filter { name in
            Self.spec(nil, nil, [name], [["a"], ["a", "b", "c"]]).contradiction(Multitask.catalogue)
                != nil
        }
        #expect(refused.sorted() == ["a_gem", "der_pp", "lwf", "replay"])
        let left = Self.spec(
            nil, nil, ["replay"], [["a", "b"], ["a", "c"]])
        #expect(left.contradiction(Multitask.catalogue) == nil)
    }

    @Test("A weighting by epochs needs a task that has enough of them")
    func epochsOfTasks() {
        var spec = Self.spec("dwa", nil, [], [["a", "b"], ["c"], ["a", "b"]])
        spec.epochs = 1
        #expect(spec.contradiction(Multitask.catalogue)?.parameter == "weighting.method")
        spec.retention = [MethodSpec("replay")]
        #expect(spec.contradiction(Multitask.catalogue) == nil)
    }

    @Test("What holds the base model's weights is refused where none of them trains")
    func frozen() {
        for (adaptation, isRefused) in [
            ("heads", true), ("adapter_per_task", true), ("lora", false),
        ] {
            var spec = Self.spec(nil, nil, ["l2_sp"], [["a"], ["b", "c"]])
            for index in spec.tasks.indices { spec.tasks[index].head = "one" }
            spec.adaptation = MethodSpec(adaptation)
            let found = spec.contradiction(Multitask.catalogue)
            #expect((found?.parameter == "retention") == isRefused, "\(adaptation)")
        }
    }

    @Test("What trains each stage from the start cannot keep the moments of the one before")
    func anew() {
        var spec = Self.spec(nil, nil, ["ties"], [["a"], ["b", "c"]])
        #expect(spec.contradiction(Multitask.catalogue) == nil)
        spec.optimizer.restartsEachStage = false
        let found = spec.contradiction(Multitask.catalogue)
        #expect(found?.parameter == "optimizer.restart_each_stage")
    }

    @Test("Methods that may be combined need different things", arguments: retentions)
    func joined(names: [String]) throws {
        let spec = Self.spec(nil, nil, names, [["a"], ["b", "c"]])
        guard spec.contradiction(Multitask.catalogue) == nil else { return }
        var sum: RetentionNeeds? = RetentionNeeds()
        for name in names {
            let method = try Multitask.retention(MethodSpec(name), tasks: ["a", "b", "c"])
            sum = sum?.joined(with: method.needs)
        }
        #expect(sum != nil)
    }
}
