import Spec

extension InterferenceReport {
    /// Two tasks, means over the measured steps.
    package struct Conflict: Sendable, Equatable {
        package var a: Int
        package var b: Int
        package var cosine: Double
        /// Half the width of the 95 % interval of the mean cosine, by Student's t; infinite for a
        /// single measurement.
        package var cosineMargin: Double
        /// The same at the level that a verdict over all pairs of the run needs.
        package var verdictMargin: Double
        /// Cosine between halves of one task's rows: what noise leaves of agreement.
        package var withinA: Double?
        package var withinB: Double?
        /// −gₐᵀPg_b: what a step for either task alone adds to the other's loss, to first order. The
        /// same both ways, since the optimiser's scaling P is diagonal.
        package var effect: Double?
        /// The effect times the share of the loss that task a had where it was measured: what the
        /// run's steps added to b's loss for the sake of a, to first order. Who trained more pressed
        /// more.
        package var pressureOfA: Double?
        package var pressureOfB: Double?
        /// Share of the measured steps in which the cosine was below 0 and below both within; `nil`
        /// where none was measured within both.
        package var shareOfSteps: Double?
        package var measurements: Int
        /// The cosine over time.
        package var history: [Measurement]

        /// Measured often enough, and beside noise within both tasks, to say anything.
        package var isTestable: Bool { measurements > 2 && withinA != nil && withinB != nil }

        /// Opposed beyond noise: the whole interval is below zero and below both within-task
        /// cosines. Its level is such that chance finds a pair in at most 5 % of runs, however many
        /// pairs a run has (Bonferroni).
        package var isSignificant: Bool {
            guard isTestable, let withinA, let withinB else { return false }
            return cosine + verdictMargin < min(0, withinA, withinB)
        }
    }

    /// All pairs that were measured.
    static func conflicts(
        _ names: [String], _ index: MetricIndex, _ shares: TrainingShares
    ) -> [Conflict] {
        let pairs = names.indices.flatMap { a in
            names.indices.dropFirst(a + 1).map { b in
                (a, b, index.measured(names[a], cosine + names[b]))
            }
        }.filter { !$0.2.isEmpty }
        let level = 1 - 0.05 / Double(max(1, pairs.count))
        return pairs.map { a, b, cosines in
            conflict(a, b, cosines, level, names, index, shares)
        }
    }

    private static func conflict(
        _ a: Int, _ b: Int, _ cosines: [MetricPoint], _ level: Double, _ names: [String],
        _ index: MetricIndex, _ shares: TrainingShares
    ) -> Conflict {
        let values = cosines.map(\.value)
        let mean = values.reduce(0, +) / Double(values.count)
        let margin = margins(values, around: mean)
        let withinA = byStep(index.measured(names[a], within))
        let withinB = byStep(index.measured(names[b], within))
        let beside = cosines.compactMap { point in
            withinA[point.step].flatMap { a in
                withinB[point.step].map { b in (value: point.value, noise: min(a, b)) }
            }
        }
        let opposed = beside.count { $0.value < min(0, $0.noise) }
        // The trainer writes the effect both ways, or one.
        let ahead = index.measured(names[a], effect + names[b])
        let effects = ahead.isEmpty ? index.measured(names[b], effect + names[a]) : ahead
        func pressure(_ task: Int) -> Double? {
            Self.mean(
                effects.compactMap { point in
                    shares.pull(task, epoch: point.epoch).map { $0 * point.value }
                })
        }
        return Conflict(
            a: a, b: b, cosine: mean, cosineMargin: margin(0.95), verdictMargin: margin(level),
            withinA: Self.mean(cosines.compactMap { withinA[$0.step] }),
            withinB: Self.mean(cosines.compactMap { withinB[$0.step] }),
            effect: Self.mean(effects.map(\.value)), pressureOfA: pressure(a),
            pressureOfB: pressure(b),
            shareOfSteps: beside.isEmpty ? nil : Double(opposed) / Double(beside.count),
            measurements: cosines.count, history: history(cosines))
    }

    private static func byStep(_ points: [MetricPoint]) -> [Int: Double] {
        Dictionary(points.map { ($0.step, $0.value) }) { $1 }
    }

    /// Half the width of an interval of the mean at a level; infinite for a single value.
    private static func margins(
        _ values: [Double], around mean: Double
    ) -> (_ level: Double) -> Double {
        guard values.count > 1 else { return { _ in .infinity } }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let error = (squares / Double(values.count - 1) / Double(values.count)).squareRoot()
        return { StudentT.halfWidth($0, values.count - 1) * error }
    }
}
