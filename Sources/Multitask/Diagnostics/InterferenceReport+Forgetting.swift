internal import Glibc
package import Spec

extension InterferenceReport {
    /// Forgetting that is worth a remedy, and is called noise below where the rows are not known:
    /// points of a share, else relative to the best.
    static let forgettingMin = 0.02

    /// How far a task of an earlier stage stands below its best.
    struct Forgotten {
        var task: Int
        /// In the metric's own units.
        var amount: Double
        /// Points of a share, else relative to the best.
        var size: Double
        /// What chance alone explains, in the metric's own units; `nil` where not known.
        var noise: Double?

        var isBeyondNoise: Bool {
            noise.map { amount > $0 } ?? (size > InterferenceReport.forgettingMin)
        }
    }

    /// By task: 1.96 standard errors of the difference between its best score and the last one, of
    /// two binomial shares of as many rows; `nil` where the rows are not known or the score is no
    /// share of them. Both scores look at the same rows, which makes the truth narrower.
    package func forgettingNoise(_ spec: RunSpec) -> [Double?] {
        guard let matrix, let last = matrix.rows.last else { return spec.tasks.map { _ in nil } }
        return spec.tasks.indices.map { task in
            guard spec.tasks[task].scoreCountsRows, let best = matrix.best[task],
                let rows = validationRows[task], rows > 0
            else { return nil }
            return Self.noise(between: best, last[task], rows: rows)
        }
    }

    /// 1.96 standard errors of the difference of two shares of as many rows.
    package static func noise(between a: Double, _ b: Double, rows: Int) -> Double {
        1.96 * sqrt(max(0, a * (1 - a) + b * (1 - b)) / Double(rows))
    }

    /// Tasks of earlier stages that stand below their best, the one that lost most first.
    func forgotten(_ spec: RunSpec) -> [Forgotten] {
        guard let matrix, let last = matrix.rows.last else { return [] }
        let noise = forgettingNoise(spec)
        return spec.tasks.indices.compactMap { task -> Forgotten? in
            guard let best = matrix.best[task], let amount = matrix.forgetting[task] else {
                return nil
            }
            let size = -spec.tasks[task].judgedBy.gain(last[task], over: best)
            return Forgotten(task: task, amount: amount, size: size, noise: noise[task])
        }.sorted { $0.size > $1.size }
    }
}
