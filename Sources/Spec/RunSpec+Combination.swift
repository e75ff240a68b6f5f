// Which methods make no sense together. Rules speak of what methods are (their descriptors),
// never of their names.

extension RunSpec {
    /// Why a run's methods cannot be combined.
    package struct Contradiction: Sendable, Equatable {
        /// The field of the request at fault.
        package var parameter: String
        /// What it must be, and why.
        package var rule: String
    }

    /// The first combination that makes no sense; `nil` where all do. Methods that the catalogue
    /// lacks are somebody else's error.
    package func contradiction(_ catalogue: [MethodDescriptor]) -> Contradiction? {
        let aggregation = catalogue.entry(.aggregation, aggregation)
        if let aggregation, aggregation.ignoresLossScale, let weighting {
            return Contradiction(
                parameter: "weighting",
                rule:
                    "must be left out with the aggregation `\(aggregation.name)`, whose direction "
                    + "does not depend on loss weights, found `\(weighting.method)`")
        }
        return warningContradiction(catalogue)
            ?? baselinesContradiction
            ?? epochsContradiction(catalogue.entry(.mixing, mixing), in: epochs)
            ?? epochsContradiction(
                catalogue.entry(.weighting, weighting), in: mostEpochs(catalogue))
            ?? mixingContradiction(catalogue.entry(.mixing, mixing))
            ?? adaptationContradiction(catalogue)
            ?? retentionContradiction(catalogue)
            ?? stagesContradiction(aggregation, catalogue)
            ?? stagesContradiction(catalogue.entry(.weighting, weighting), catalogue)
            ?? comparisonContradiction(catalogue.entry(.weighting, weighting), catalogue)
    }

    /// Tasks by stage, as places in `tasks`.
    package var stagePlaces: [[Int]] {
        guard let stages else { return [Array(tasks.indices)] }
        return stages.map { stage in
            stage.compactMap { name in tasks.firstIndex { $0.name == name } }.sorted()
        }
    }

    /// The stages that are trained.
    package var trainedStagePlaces: ArraySlice<[Int]> {
        stagePlaces.dropFirst(startsLearnt == true ? 1 : 0)
    }

    func chosenRetention(_ catalogue: [MethodDescriptor]) -> [MethodDescriptor] {
        catalogue.filter { one in
            one.family == .retention && retention?.contains { $0.method == one.name } ?? false
        }
    }

    /// The epochs of the task that is trained in most.
    private func mostEpochs(_ catalogue: [MethodDescriptor]) -> Int {
        let trained = trainedStagePlaces
        // Replayed rows are rows of their task, also in later stages.
        if chosenRetention(catalogue).contains(where: { $0.earlierRows == .full }) {
            return epochs * trained.count
        }
        return epochs
            * (tasks.indices.map { task in trained.count { $0.contains(task) } }.max() ?? 0)
    }

    /// A policy that would have nothing to act on, or nothing to be alarmed by.
    private func warningContradiction(_ catalogue: [MethodDescriptor]) -> Contradiction? {
        guard let earlyWarning else { return nil }
        if earlyWarning.drop >= 1, tasks.allSatisfy(\.judgedBy.isShare) {
            return Contradiction(
                parameter: "early_warning.drop",
                rule: "must be below 1, since every task is judged by a share of 1, which cannot "
                    + "fall further, found \(earlyWarning.drop)")
        }
        guard earlyWarning.policy == .strengthenRetention,
            !chosenRetention(catalogue).contains(where: \.canStrengthen)
        else { return nil }
        let found = (retention ?? []).map { "`\($0.method)`" }.joined(separator: ", ")
        return Contradiction(
            parameter: "early_warning.policy",
            rule:
                "`strengthen_retention` needs a method in `retention` that has a weight or a rate "
                + "to raise, found \(found.isEmpty ? "none" : found)")
    }

    /// A method that would do nothing in so few epochs.
    private func epochsContradiction(
        _ method: MethodDescriptor?, in epochs: Int
    ) -> Contradiction? {
        guard let method, epochs < method.epochsMin else { return nil }
        return Contradiction(
            parameter: "\(method.family.rawValue).method",
            rule:
                "`\(method.name)` changes nothing before epoch \(method.epochsMin) of a task, and no "
                + "task has more than \(epochs) in all; raise `epochs` or take another method")
    }

    /// A weighting by gradients of losses, beside terms that are no loss of the task.
    private func comparisonContradiction(
        _ method: MethodDescriptor?, _ catalogue: [MethodDescriptor]
    ) -> Contradiction? {
        guard let method, method.comparesGradients,
            let other = chosenRetention(catalogue).first(where: \.addsTerms)
        else { return nil }
        return Contradiction(
            parameter: "weighting",
            rule: "`\(method.name)` compares the gradients of the tasks' losses, to which "
                + "`\(other.name)` adds terms that no weight scales; take another weighting")
    }

    private var baselinesContradiction: Contradiction? {
        guard let baselines, !baselines.isEmpty else { return nil }
        let trained = Set(trainedStagePlaces.joined()).count
        if trained < 2 {
            return Contradiction(
                parameter: "baselines",
                rule: "compare tasks trained together and alone, and need 2 that the run trains, "
                    + "found \(trained)")
        }
        guard baselines.contains(.tunedFixed), tasks.count > Self.sweptTasksMax else { return nil }
        return Contradiction(
            parameter: "baselines",
            rule: "`tuned_fixed` trains one run a task and one more, for at most "
                + "\(Self.sweptTasksMax) tasks, found \(tasks.count)")
    }

    /// Shares that leave a stage without rows.
    private func mixingContradiction(_ method: MethodDescriptor?) -> Contradiction? {
        guard method?.takesTaskValues ?? false else { return nil }
        let values = tasks.map { mixing.tasks[$0.name] ?? 0 }
        let sum = values.reduce(0, +)
        guard
            let stage = trainedStagePlaces.first(where: {
                $0.allSatisfy { !(values[$0] / sum > 0) }
            })
        else { return nil }
        let names = stage.map { "`\(tasks[$0].name)`" }.joined(separator: ", ")
        return Contradiction(
            parameter: "mixing.tasks",
            rule: "must give one task of each stage a share, found none in the stage of \(names)")
    }

    /// A method between tasks in a run whose steps never have two.
    private func stagesContradiction(
        _ method: MethodDescriptor?, _ catalogue: [MethodDescriptor]
    ) -> Contradiction? {
        let mostTasks = trainedStagePlaces.map(\.count).max() ?? 0
        guard let method, method.tasksMin > 1, mostTasks < 2 else { return nil }
        let brought = chosenRetention(catalogue).map(\.earlierRows)
        if brought.contains(.full) { return nil }
        if method.family == .aggregation, brought.contains(.weighed) { return nil }
        return Contradiction(
            parameter: method.family.rawValue,
            rule: "must be left out: no stage has two tasks and no rows of earlier ones are "
                + "replayed for it, so that there is nothing to balance, found `\(method.name)`")
    }

    private func retentionContradiction(_ catalogue: [MethodDescriptor]) -> Contradiction? {
        guard let retention else { return nil }
        let chosen = chosenRetention(catalogue)
        if stagePlaces.count < 2, let method = chosen.first(where: { !$0.keepsBase }) {
            return Contradiction(
                parameter: "retention",
                rule: "`\(method.name)` keeps what earlier stages learnt and needs at least 2 "
                    + "`stages`, found 1")
        }
        if let method = chosen.first(where: { !$0.holdsParameters }), !hasEarlierTasks {
            return Contradiction(
                parameter: "retention",
                rule: "`\(method.name)` keeps tasks that a later stage does not train, and every "
                    + "stage here trains all tasks of the stages before; leave it out, or take those "
                    + "tasks out of the later stage")
        }
        if startsLearnt == true, let method = chosen.first(where: \.learnsFromSteps) {
            return Contradiction(
                parameter: "retention",
                rule: "`\(method.name)` learns from the steps of a stage what to keep of it, and "
                    + "`learnt` tasks have none in this run; take a method that looks at the model")
        }
        let names = retention.map(\.method)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            return Contradiction(
                parameter: "retention", rule: "must name each method once, found `\(twice)` twice")
        }
        let kept = Set(stagePlaces.dropLast().joined())
        for method in chosen where !method.outputKinds.isEmpty {
            guard
                let task = kept.sorted().first(where: {
                    !method.outputKinds.contains(tasks[$0].kind)
                })
            else { continue }
            let kinds = method.outputKinds.map(\.rawValue).joined(separator: " or ")
            return Contradiction(
                parameter: "retention",
                rule: "`\(method.name)` looks at outputs of \(kinds) tasks; the task "
                    + "`\(tasks[task].name)` of an earlier stage is another kind")
        }
        if let anew = chosen.first(where: \.startsStagesAnew),
            let found = anewContradiction(anew, chosen)
        {
            return found
        }
        for (index, one) in chosen.enumerated() {
            for other in chosen.dropFirst(index + 1) {
                guard let means = one.means, means == other.means else { continue }
                return Contradiction(
                    parameter: "retention",
                    rule:
                        "`\(one.name)` and `\(other.name)` both need \(means), of which a run has "
                        + "one; choose one")
            }
        }
        return nil
    }

    /// Whether some stage that is trained leaves out a task of an earlier one.
    private var hasEarlierTasks: Bool {
        var earlier: Set<Int> = []
        for (place, stage) in stagePlaces.enumerated() {
            if trainedStagePlaces.indices.contains(place), !earlier.isSubset(of: stage) {
                return true
            }
            earlier.formUnion(stage)
        }
        return false
    }

    /// A method that trains each stage from the run's start, beside what goes on from stage to stage.
    private func anewContradiction(
        _ method: MethodDescriptor, _ chosen: [MethodDescriptor]
    ) -> Contradiction? {
        if let holding = chosen.first(where: {
            $0.holdsParameters && !$0.keepsBase && !$0.startsStagesAnew
        }) {
            return Contradiction(
                parameter: "retention",
                rule: "`\(method.name)` trains each stage from the weights that the run starts "
                    + "from, and `\(holding.name)` holds those that earlier stages trained; "
                    + "choose one")
        }
        guard optimizer.restartsEachStage ?? true else {
            return Contradiction(
                parameter: "optimizer.restart_each_stage",
                rule: "must be true with `\(method.name)`, which trains each stage from the "
                    + "weights that the run starts from")
        }
        return nil
    }
}
