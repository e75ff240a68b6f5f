package import Spec

/// How a run stands beside the runs that were trained as one of its baselines.
package struct BaselineComparison: Sendable, Equatable {
    /// A baseline's run and what it scored in the end; scores by task name and metric.
    package struct Candidate: Sendable, Equatable {
        package var run: String
        package var spec: RunSpec
        /// It has succeeded.
        package var isComplete: Bool
        /// Nothing more comes of it: it has succeeded, or failed, or was cancelled.
        package var isOver: Bool
        package var status: String
        package var validation: [MetricPoint]
        package var test: [MetricPoint]

        package init(
            run: String, spec: RunSpec, isComplete: Bool, isOver: Bool, status: String,
            validation: [MetricPoint], test: [MetricPoint]
        ) {
            self.run = run
            self.spec = spec
            self.isComplete = isComplete
            self.isOver = isOver
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
    /// Whether the run trains each task. One that it only scores, or that its base model has
    /// learnt, says nothing of its methods and counts in no mean.
    package let isTrained: [Bool]
    /// By task, in the order of the spec; `nil` where a score is missing.
    package private(set) var baselineScores: [Double?]
    package private(set) var ownScores: [Double?]
    /// `test` where both runs have it, else `validation`.
    package private(set) var splits: [String]
    /// In the metric's own units, more is better whatever the metric.
    package private(set) var differences: [Double?]
    /// Relative, more is better whatever the metric; `nil` also where the baseline scored about 0.
    package private(set) var deltas: [Double?]

    /// The mean of the trained tasks' deltas (Δ of 1904.08918, eq. 4); `nil` while one is missing
    /// or undefined.
    package var meanDelta: Double? {
        let wanted = zip(deltas, isTrained).filter(\.1).map(\.0)
        let known = wanted.compactMap { $0 }
        return known.count == wanted.count && !known.isEmpty
            ? known.reduce(0, +) / Double(known.count) : nil
    }

    /// Trained tasks with both scores, of which the baseline's is about 0.
    package var undefined: [Int] {
        deltas.indices.filter { isTrained[$0] && differences[$0] != nil && deltas[$0] == nil }
    }

    /// - Parameters:
    ///   - own: the run itself.
    ///   - candidates: the baseline's runs, in the order of `RunSpec.baselineRuns`.
    package init(_ baseline: Baseline, own: Candidate, candidates: [Candidate]) {
        self.baseline = baseline
        self.candidates = candidates
        let tasks = own.spec.tasks
        let trained = Set(own.spec.trainedStagePlaces.joined())
        isTrained = tasks.indices.map(trained.contains)
        if baseline == .tunedFixed {
            chosen = Self.best(candidates, trained.sorted().map { tasks[$0] })
        }
        splits = []
        baselineScores = []
        ownScores = []
        differences = []
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
            let pair = both(mine, theirs)
            differences.append(pair.map { task.judgedBy.difference($0, over: $1) })
            deltas.append(pair.flatMap { task.judgedBy.relativeGain($0, over: $1) })
        }
    }

    /// The candidate whose validation scores gain most over the first's, on average over tasks;
    /// `nil` until all are over. Those that failed are no candidates. A task's gain is relative;
    /// where the first scored about 0, it is in the metric's own units (points of a share), at most
    /// 1, so that no task can outweigh all others.
    private static func best(_ candidates: [Candidate], _ tasks: [TaskSpec]) -> Candidate? {
        guard candidates.allSatisfy(\.isOver) else { return nil }
        let candidates = candidates.filter(\.isComplete)
        guard let first = candidates.first else { return nil }
        func gain(_ candidate: Candidate, _ task: TaskSpec) -> Double {
            guard
                let (value, reference) = both(
                    candidate.score(task, \.validation), first.score(task, \.validation))
            else { return -.infinity }
            let metric = task.judgedBy
            let gain =
                metric.relativeGain(value, over: reference)
                ?? max(-1, min(1, metric.difference(value, over: reference)))
            return gain.isNaN ? -.infinity : gain
        }
        func sum(_ candidate: Candidate) -> Double {
            tasks.reduce(0) { $0 + gain(candidate, $1) }
        }
        return candidates.max { sum($0) < sum($1) }
    }
}

/// Both or neither.
private func both<A, B>(_ a: A?, _ b: B?) -> (A, B)? {
    guard let a, let b else { return nil }
    return (a, b)
}
