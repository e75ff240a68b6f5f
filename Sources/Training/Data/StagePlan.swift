import Multitask
import NN
import Spec

/// The tasks of one stage, which rows its steps train on, and at which rates.
struct StagePlan {
    let tasks: [Int]
    let rows: RunPlan
    let schedule: LearningRateSchedule
    /// Nothing is trained: the base model has learnt the stage's tasks.
    var isLearnt: Bool { rows.stepsByEpoch.isEmpty }
    /// Rows of a step for each drawn one: replayed ones come on top.
    let rowsPerDraw: Double

    /// One plan for each stage of a run.
    /// - Parameters:
    ///   - mixing: gives the shares of all tasks in one stage of all; those of a stage's tasks are
    ///     scaled to 1.
    ///   - curriculum: in which order rows come into play, anew in each stage.
    ///   - replay: rows that retention adds for each drawn one, from the second stage on.
    /// - Throws: `TrainingError` `spec_invalid` where no task of a stage has a share.
    static func stages(
        _ spec: RunSpec, shape: LearningRateSchedule.Shape, lengths: [[Int]],
        mixing: any MixingMethod, replay: Double, curriculum: Curriculum? = nil
    ) throws -> [StagePlan] {
        let shares = (0..<spec.epochs).map { epoch in
            mixing.shares(
                rows: lengths.map(\.count),
                progress: Double(epoch) / Double(max(1, spec.epochs - 1)))
        }
        let plans = try spec.stagePlaces.enumerated().map { stage, tasks in
            let isLearnt = stage == 0 && spec.startsLearnt == true
            let isIn = lengths.indices.map { tasks.contains($0) }
            let own = try (isLearnt ? [] : shares).map { shares in
                let total = tasks.reduce(0) { $0 + shares[$1] }
                guard total > 0 else {
                    throw TrainingError(
                        code: "spec_invalid",
                        message: "mixing must give one task of stage \(stage + 1) more than 0")
                }
                return zip(shares, isIn).map { $1 ? $0 / total : 0 }
            }
            return RunPlan(
                lengths: lengths.enumerated().map { isIn[$0] ? $1 : [] },
                shares: own,
                batchTokens: spec.batchTokens, batchRows: spec.batchRows ?? .max,
                seed: stage == 0
                    ? spec.seed : SeededGenerator.hash("stage \(stage)", seed: spec.seed),
                curriculum: curriculum)
        }
        let all = plans.reduce(0) { $0 + $1.steps }
        let restarts = spec.optimizer.restartsEachStage ?? true
        return zip(spec.stagePlaces, plans).enumerated().map { stage, pair in
            StagePlan(
                tasks: pair.0, rows: pair.1,
                schedule: LearningRateSchedule(
                    shape: shape, peak: spec.optimizer.learningRate,
                    warmupFraction: spec.optimizer.warmupFraction,
                    steps: restarts ? pair.1.steps : all),
                rowsPerDraw: stage == 0 ? 1 : 1 + replay)
        }
    }

    /// Tokens of the steps, about as many as replay makes them.
    var tokensByEpoch: [Double] { rows.tokensByEpoch.map { Double($0) * rowsPerDraw } }
}
