// R[i][j], the score on task j after stage i, and the figures of continual learning that follow
// from it (Lopez-Paz and Ranzato, 1706.08840, §3; Chaudhry et al., 1801.10112, eq. 3).

/// Scores of every task before training and after each stage that ended, in each task's own metric.
package struct ScoreMatrix: Sendable, Equatable {
    /// Before training.
    package let base: [Double]
    /// One row for each stage that ended.
    package let rows: [[Double]]
    /// The first stage in which each task is trained, from 0, ended or not; `nil`: never.
    package let first: [Int?]
    /// The last of the stages that ended in which each task was trained; `nil`: none yet.
    package let learnt: [Int?]
    /// Whether a larger score is a better one, by task.
    package let largerIsBetter: [Bool]
    /// The first stage that trains anything: one that was learnt before ends as it starts.
    private let firstTrained: Int

    /// - Parameters:
    ///   - base: before training, one score a task.
    ///   - stages: tasks by stage, of the whole run.
    ///   - startsLearnt: the base model has learnt the first stage.
    package init(
        base: [Double], rows: [[Double]] = [], stages: [[Int]], startsLearnt: Bool = false,
        largerIsBetter: [Bool]
    ) {
        self.base = base
        self.rows = rows
        self.largerIsBetter = largerIsBetter
        firstTrained = startsLearnt ? 1 : 0
        first = base.indices.map { task in stages.firstIndex { $0.contains(task) } }
        learnt = base.indices.map { task in
            stages.prefix(rows.count).lastIndex { $0.contains(task) }
        }
    }

    private var tasks: Range<Int> { base.indices }

    /// Scores turned so that more is better.
    private func gain(_ row: [Double], _ task: Int) -> Double {
        largerIsBetter[task] ? row[task] : -row[task]
    }

    /// Tasks that were trained, and not in the last stage that ended.
    private var earlier: [Int] { tasks.filter { learnt[$0].map { $0 < rows.count - 1 } ?? false } }

    /// ACC = mean of R[T][j] over the tasks that were trained by then; `nil` before the first stage
    /// ended. Means nothing over tasks of different metrics: the caller asks only where they agree.
    package var averageFinal: Double? {
        guard let last = rows.last else { return nil }
        return mean(tasks.filter { learnt[$0] != nil }.map { last[$0] })
    }

    /// BWT = 1/(T−1) Σ_{j<T} (R[T][j] − R[j][j]), turned so that more is better; of a task of
    /// several stages R[j][j] is that after its last; `nil` with one stage.
    package var backwardTransfer: Double? {
        guard let last = rows.last else { return nil }
        return mean(
            earlier.compactMap { task in
                learnt[task].map { gain(last, task) - gain(rows[$0], task) }
            })
    }

    /// FWT = 1/(T−1) Σ_{j≥2} (R[j−1][j] − b_j), turned so that more is better; of a task of several
    /// stages j is its first, before which nothing of it was trained. Tasks of the first stage that
    /// is trained have none. For a task whose head is new at its stage this is chance by construction.
    package var forwardTransfer: Double? {
        mean(
            tasks.compactMap { task in
                guard let stage = first[task], stage > firstTrained, stage <= rows.count else {
                    return nil
                }
                return gain(rows[stage - 1], task) - gain(base, task)
            })
    }

    /// The best score before the last stage that ended, of tasks that were trained in an earlier
    /// one; `nil` for the others.
    package var best: [Double?] {
        tasks.map { task in
            guard earlier.contains(task) else { return nil }
            return rows.dropLast().max { gain($0, task) < gain($1, task) }?[task]
        }
    }

    /// max_{l<T} R[l][j] − R[T][j] for tasks of earlier stages, `nil` for the others; negative
    /// where a later stage still helped.
    package var forgetting: [Double?] {
        guard let last = rows.last else { return tasks.map { _ in nil } }
        return zip(tasks, best).map { task, best in
            best.map { (largerIsBetter[task] ? $0 : -$0) - gain(last, task) }
        }
    }

    private func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}
