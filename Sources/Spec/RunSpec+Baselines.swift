// The runs that a run is to be measured against: the same data, seed and budget, with nothing but
// weights between the tasks.

/// A baseline that a run may ask for.
package enum Baseline: String, Codable, Sendable, CaseIterable {
    /// Each task alone; those that share its head are scored, not trained.
    case singleTask = "single_task"
    /// All tasks together, each task's mean loss weighing the same.
    case equal
    /// All tasks together under fixed weights, the best of a small sweep by validation: equal ones,
    /// and each task in turn favoured. Every candidate is trained as long as the run.
    case tunedFixed = "tuned_fixed"
}

/// One run to train for a baseline.
package struct BaselineRun: Sendable, Equatable {
    package var baseline: Baseline
    package var spec: RunSpec
}

extension RunSpec {
    /// How much more a favoured task of the sweep weighs than the others.
    private static let favour = 3.0
    /// A sweep trains one run a task and one more.
    package static let sweptTasksMax = 8

    /// The runs behind `baselines`, in the order in which they are to be trained.
    package var baselineRuns: [BaselineRun] {
        (baselines ?? []).flatMap { baseline in
            specs(baseline).map { BaselineRun(baseline: baseline, spec: $0) }
        }
    }

    /// Stages in which a task is trained.
    private func stages(with task: Int) -> Int {
        trainedStagePlaces.count { $0.contains(task) }
    }

    private var trained: [Int] { tasks.indices.filter { stages(with: $0) > 0 } }

    private func specs(_ baseline: Baseline) -> [RunSpec] {
        switch baseline {
        case .singleTask:
            return trained.map { index in
                var alone = plain("single_task.\(tasks[index].name)")
                let task = tasks[index]
                // Tasks of its head stay, unscored by the comparison, for the labels are those of all.
                let partners = sharingHead(task).filter { $0.name != task.name }
                alone.tasks = [task] + partners
                if !partners.isEmpty { alone.stages = [[task.name]] }
                alone.mixing = MethodSpec("proportional")
                alone.epochs = epochs * stages(with: index)
                return alone
            }
        case .equal:
            return [together("equal", weighting: MethodSpec("equal"))]
        case .tunedFixed:
            let equal = tasks.map { ($0.name, 1.0) }
            return ([nil] + trained.map { Optional($0) }).map { favoured in
                var weights = Dictionary(uniqueKeysWithValues: equal)
                if let favoured { weights[tasks[favoured].name] = Self.favour }
                let suffix = favoured.map { tasks[$0].name } ?? "equal"
                return together(
                    "tuned_fixed.\(suffix)", weighting: MethodSpec("fixed", tasks: weights))
            }
        }
    }

    /// All tasks in one stage, as many rows in all as the run trains on where no task of several
    /// stages is larger than others.
    private func together(_ suffix: String, weighting: MethodSpec) -> RunSpec {
        var joint = plain(suffix)
        joint.weighting = weighting
        // Tasks that are only scored stay so.
        if trained.count < tasks.count { joint.stages = [trained.map { tasks[$0].name }] }
        let visits = trained.reduce(0) { $0 + stages(with: $1) }
        joint.epochs = epochs * max(1, (visits + trained.count / 2) / max(1, trained.count))
        return joint
    }

    /// This run without any method, and without baselines of its own.
    private func plain(_ suffix: String) -> RunSpec {
        var spec = self
        spec.name = String("\(name).\(suffix)".prefix(64))
        spec.baselines = nil
        spec.stages = nil
        spec.startsLearnt = nil
        spec.weighting = nil
        spec.aggregation = nil
        spec.curriculum = nil
        spec.retention = nil
        spec.earlyWarning = nil
        return spec
    }
}
