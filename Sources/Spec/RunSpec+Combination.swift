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
        func descriptor(
            _ family: MethodDescriptor.Family, _ spec: MethodSpec?
        ) -> MethodDescriptor? {
            catalogue.first { $0.family == family && $0.name == spec?.method }
        }
        let aggregation = descriptor(.aggregation, aggregation)
        if let aggregation, aggregation.ignoresLossScale, let weighting {
            return Contradiction(
                parameter: "weighting",
                rule:
                    "must be left out with the aggregation `\(aggregation.name)`, whose direction "
                    + "does not depend on loss weights, found `\(weighting.method)`")
        }
        return adaptationContradiction(catalogue)
            ?? retentionContradiction(catalogue)
            ?? stagesContradiction(aggregation)
            ?? stagesContradiction(descriptor(.weighting, weighting))
    }

    /// Tasks by stage, as places in `tasks`.
    package var stagePlaces: [[Int]] {
        guard let stages else { return [Array(tasks.indices)] }
        return stages.map { stage in
            stage.compactMap { name in tasks.firstIndex { $0.name == name } }.sorted()
        }
    }

    /// A method between tasks in a run whose steps never have two.
    private func stagesContradiction(_ method: MethodDescriptor?) -> Contradiction? {
        let mostTasks = stagePlaces.map(\.count).max() ?? 0
        guard let method, method.tasksMin > 1, mostTasks < 2, retention == nil else { return nil }
        return Contradiction(
            parameter: method.family.rawValue,
            rule: "must be left out: no stage has two tasks and nothing is replayed, so that "
                + "there is nothing to balance, found `\(method.name)`")
    }

    private func retentionContradiction(_ catalogue: [MethodDescriptor]) -> Contradiction? {
        guard let retention, let first = retention.first else { return nil }
        guard stagePlaces.count > 1 else {
            return Contradiction(
                parameter: "retention",
                rule: "keeps what earlier stages learnt and needs at least 2 `stages`, found 1 "
                    + "with `\(first.method)`")
        }
        let names = retention.map(\.method)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            return Contradiction(
                parameter: "retention", rule: "must name each method once, found `\(twice)` twice")
        }
        let kept = Set(stagePlaces.dropLast().joined())
        for method in catalogue where method.family == .retention && method.classifiersOnly {
            guard names.contains(method.name),
                let task = kept.sorted().first(where: { tasks[$0].kind != .classification })
            else { continue }
            return Contradiction(
                parameter: "retention",
                rule: "`\(method.name)` keeps outputs of classification tasks only; the task "
                    + "`\(tasks[task].name)` of an earlier stage is another kind")
        }
        let exclusive = catalogue.filter { $0.family == .retention && names.contains($0.name) }
        for (index, one) in exclusive.enumerated() {
            for other in exclusive.dropFirst(index + 1) {
                guard let means = one.means, means == other.means else { continue }
                return Contradiction(
                    parameter: "retention",
                    rule: "`\(one.name)` and `\(other.name)` are two forms of \(means); choose one")
            }
        }
        return nil
    }
}
