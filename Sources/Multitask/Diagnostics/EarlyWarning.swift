// Watches the held-out scores of a run's tasks and says which of them is being lost, and to whom.
// Pure: scores and measured effects go in, alarms come out.

package import Spec

/// The best score of each task so far, and what steps for other tasks did to it since.
package struct EarlyWarning: Sendable, Equatable {
    /// A task that fell too far.
    package struct Alarm: Sendable, Equatable {
        package var task: Int
        package var score: Double
        package var best: Double
        /// The step at which the task was best.
        package var bestStep: Int
        /// Points of a share, else relative to the best.
        package var fall: Double
        /// The task whose steps raised this one's loss most; `nil` where none was measured to.
        package var cause: Cause?
        /// Whether any step of another task was measured since the best score.
        package var wasMeasured: Bool
    }

    package struct Cause: Sendable, Equatable {
        package var task: Int
        /// What a step for that task alone adds to the loss, to first order; the mean over the
        /// measurements since the best score. The cause is the task with the largest sum of effects
        /// times its share of the measured step.
        package var effect: Double
        package var measurements: Int
    }

    private struct Watched: Sendable, Equatable {
        var best: Double
        var step: Int
        /// The largest fall that was told.
        var told = 0.0
        /// Effects of every task's steps since the best score, how many were measured, and their sum
        /// by the task's share of the step.
        var effects: [Double]
        var counts: [Double]
        var pressures: [Double]
    }

    package let settings: EarlyWarningSpec
    private let metrics: [TaskMetric]
    private var watched: [Watched?]

    package init(_ settings: EarlyWarningSpec, metrics: [TaskMetric]) {
        self.settings = settings
        self.metrics = metrics
        watched = metrics.map { _ in nil }
    }

    /// Takes in what a step for task `cause` alone was measured to add to the loss of `task`.
    /// - Parameter share: of that step, that the task had.
    package mutating func measured(effect: Double, of cause: Int, on task: Int, share: Double) {
        guard cause != task, effect.isFinite else { return }
        watched[task]?.effects[cause] += effect
        watched[task]?.counts[cause] += 1
        watched[task]?.pressures[cause] += effect * share
    }

    /// Takes in an evaluation.
    /// - Parameter trained: tasks that were trained already. A score from before that says nothing
    ///   of what training achieved (a new head answers by chance), so it cannot be lost.
    /// - Returns: the tasks that now stand further below their best than allowed, each told again
    ///   only once it has fallen as far again.
    package mutating func observe(
        _ scores: [Double], step: Int, trained: Set<Int>
    ) -> [Alarm] {
        var alarms: [Alarm] = []
        for task in trained.sorted() where scores[task].isFinite {
            let score = scores[task]
            guard var known = watched[task],
                metrics[task].gain(score, over: known.best) <= 0
            else {
                let zeros = metrics.map { _ in 0.0 }
                watched[task] = Watched(
                    best: score, step: step, effects: zeros, counts: zeros, pressures: zeros)
                continue
            }
            let fall = -metrics[task].gain(score, over: known.best)
            if fall > settings.drop, fall >= known.told + settings.drop {
                known.told = fall
                watched[task] = known
                alarms.append(
                    Alarm(
                        task: task, score: score, best: known.best, bestStep: known.step,
                        fall: fall, cause: Self.cause(known),
                        wasMeasured: known.counts.contains { $0 > 0 }))
            }
        }
        return alarms
    }

    /// Whether no trained task stands further below its best than allowed.
    package func isHealthy(_ scores: [Double]) -> Bool {
        watched.indices.allSatisfy { task in
            guard let known = watched[task] else { return true }
            return -metrics[task].gain(scores[task], over: known.best) <= settings.drop
        }
    }

    private static func cause(_ watched: Watched) -> Cause? {
        let pressures = watched.pressures
        guard let worst = pressures.indices.max(by: { pressures[$0] < pressures[$1] }),
            pressures[worst] > 0
        else { return nil }
        return Cause(
            task: worst, effect: watched.effects[worst] / watched.counts[worst],
            measurements: Int(watched.counts[worst]))
    }
}

extension EarlyWarning {
    /// All that a checkpoint must keep, by task.
    package var state: [String: [Double]] {
        var state: [String: [Double]] = [:]
        for (task, known) in watched.enumerated() {
            guard let known else { continue }
            state["\(task)"] =
                [known.best, Double(known.step), known.told] + known.effects + known.counts
                + known.pressures
        }
        return state
    }

    /// Takes back `state`; what is missing there was not watched yet.
    package mutating func restore(_ state: [String: [Double]]) {
        let count = metrics.count
        watched = metrics.indices.map { task in
            guard let values = state["\(task)"], values.count == 3 + 3 * count else { return nil }
            func part(_ number: Int) -> [Double] {
                Array(values[(3 + number * count)...].prefix(count))
            }
            return Watched(
                best: values[0], step: Int(values[1]), told: values[2], effects: part(0),
                counts: part(1), pressures: part(2))
        }
    }
}
