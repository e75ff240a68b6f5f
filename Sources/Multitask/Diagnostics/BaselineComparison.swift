package import Spec

/// How a run stands beside the runs that were trained as one of its baselines.
package struct BaselineComparison: Sendable, Equatable {
    /// A baseline's run and what it scored in the end; scores by task name and metric.
    package struct Candidate: Sendable, Equatable {
        package var run: String
        package var spec: RunSpec
        /// It has succeeded.
        package var isComplete: Bool
        package var status: String
        package var validation: [MetricPoint]
        package var test: [MetricPoint]

        package init(
            run: String, spec: RunSpec, isComplete: Bool, status: String,
            validation: [MetricPoint], test: [MetricPoint]
        ) {
            self.run = run
            self.spec = spec
            self.isComplete = isComplete
            self.status = status
            self.validation = validation
            self.test = test
        }

        /// The task's score in the end, by its own metric.
        func score(_ task: TaskSpec, _ points: KeyPath<Candidate, [MetricPoint]>) -> Double? {
            self[keyPath: points].last { $0.task == task.name && $0.name == task.metric }?.value
        }
    }

    package let baseline: Baseline
    package let candidates: [Candidate]
    /// Of a sweep, the one that validation chose; `nil` where there is no choice, or none yet.
    package private(set) var chosen: Candidate?
    /// By task, in the order of the spec; `nil` where a score is missing.
    package private(set) var baselineScores: [Double?]
    package private(set) var ownScores: [Double?]
    /// `test` where both runs have it, else `validation`.
    package private(set) var splits: [String]
    /// Relative, more is better whatever the metric.
    package private(set) var deltas: [Double?]

    /// The mean of all tasks' deltas (Δ of 1904.08918, eq. 4); `nil` while one is missing.
    package var meanDelta: Double? {
        let known = deltas.compactMap { $0 }
        return known.count == deltas.count && !known.isEmpty
            ? known.reduce(0, +) / Double(known.count) : nil
    }

    /// - Parameters:
    ///   - own: the run itself.
    ///   - candidates: the baseline's runs, in the order of `RunSpec.baselineRuns`.
    package init(_ baseline: Baseline, own: Candidate, candidates: [Candidate]) {
        self.baseline = baseline
        self.candidates = candidates
        let tasks = own.spec.tasks
        if baseline == .tunedFixed { chosen = Self.best(candidates, tasks) }
        splits = []
        baselineScores = []
        ownScores = []
        deltas = []
        for task in tasks {
            let other: Candidate? =
                switch baseline {
                case .singleTask: candidates.first { $0.spec.tasks.first?.name == task.name }
                case .equal: candidates.first
                case .tunedFixed: chosen
                }
            let finished = other.flatMap { $0.isComplete ? $0 : nil }
            let hasTest =
                own.score(task, \.test) != nil && finished?.score(task, \.test) != nil
            let points = hasTest ? \Candidate.test : \Candidate.validation
            let (mine, theirs) = (own.score(task, points), finished?.score(task, points))
            splits.append(hasTest ? "test" : "validation")
            ownScores.append(mine)
            baselineScores.append(theirs)
            deltas.append(
                zip(mine, theirs).map { task.judgedBy.relativeGain($0, over: $1) })
        }
    }

    /// The candidate whose validation scores gain most over the first's, on average over tasks;
    /// `nil` until all have finished.
    private static func best(_ candidates: [Candidate], _ tasks: [TaskSpec]) -> Candidate? {
        guard let first = candidates.first, candidates.allSatisfy(\.isComplete) else { return nil }
        func gain(_ candidate: Candidate) -> Double {
            tasks.reduce(0) { sum, task in
                let pair = zip(
                    candidate.score(task, \.validation), first.score(task, \.validation))
                return sum + (pair.map { task.judgedBy.relativeGain($0, over: $1) } ?? -.infinity)
            }
        }
        return candidates.max { gain($0) < gain($1) }
    }
}

/// Both or neither.
private func zip<A, B>(_ a: A?, _ b: B?) -> (A, B)? {
    guard let a, let b else { return nil }
    return (a, b)
}
