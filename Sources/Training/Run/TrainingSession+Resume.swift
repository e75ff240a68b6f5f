import Glibc
import Models
import Multitask
import Spec
import Tensor

extension TrainingSession {
    /// Share of the training time that checkpoints at epoch ends may cost.
    private static let epochCheckpointShare = 0.05
    /// A guess until a checkpoint was timed: bytes a second that a plain disk writes durably.
    private static let bytesPerSecond = 300e6

    /// Writes the run's state and hands it over; returns once it is kept. Metrics go first: a
    /// run that goes on from here does not measure them again.
    func writeCheckpoint() throws {
        let clock = Stopwatch()
        report(now: true)
        position.pieceTokens = runner.pass.tokensMax
        let path = "\(inputs.scratch)/checkpoint-\(position.step).safetensors"
        let checkpoint = TrainingCheckpoint(
            position: position, weighting: runner.methods.weighting?.state ?? [:],
            watched: warning.state, scores: scores, numerics: backend.numerics)
        do {
            try checkpoint.write(
                path, parameters: runner.parameters, optimizer: runner.optimizer,
                kept: saved)
        } catch let error as ModelError where error.code == "out_of_space" {
            // What was learned is worth more than a safety net that there is no room for.
            observer.event(
                kind: "checkpoint_not_kept",
                message:
                    "no room for a checkpoint at step \(position.step): \(error.message); free "
                    + "some space in the data folder. A run that stops goes on from the last "
                    + "checkpoint that was kept")
            sinceCheckpoint.reset()
            return
        }
        // The owner has usually moved the file; one that it refused must not fill the disk.
        defer { unlink(path) }
        try observer.checkpoint(path: path, step: position.step)
        estimate.wroteCheckpoint(seconds: clock.seconds)
        sinceCheckpoint.reset()
    }

    /// All that is kept beside what trains.
    private var saved: SavedState {
        var state = retention?.saved ?? SavedState()
        state.add(best.saved)
        state.tensors += model.frozenColumns
        return state
    }

    /// Whether the end of an epoch deserves a checkpoint: not when the last is so recent that
    /// writing another would cost more than its share, and not when only the end is left.
    var worthCheckpoint: Bool {
        let bytes = runner.parameters.reduce(0) { $0 + 3 * 4 * $1.value.count }
        let cost = estimate.secondsPerCheckpoint ?? Double(bytes) / Self.bytesPerSecond
        if position.stage == stages.count - 1, position.epoch == spec.epochs,
            data.allSatisfy(\.test.isEmpty)
        {
            return false
        }
        return sinceCheckpoint.seconds * Self.epochCheckpointShare >= cost
    }

    /// Goes on where a checkpoint stopped.
    func restore(_ path: String) throws {
        let last = try TrainingCheckpoint.stage(path)
        for stage in 0..<max(0, min(last, stages.count - 1)) { try grow(stage: stage + 1) }
        let (checkpoint, kept) = try TrainingCheckpoint.restore(
            path, parameters: runner.parameters, optimizer: runner.optimizer)
        let saved = checkpoint.position
        guard saved.step == stepsDone(saved) else {
            throw TrainingError(
                code: "checkpoint_mismatch",
                message: "the checkpoint stands at step \(saved.step), which the run's plan "
                    + "has not; start the run anew")
        }
        try runner.methods.weighting?.restore(checkpoint.weighting)
        warning.restore(checkpoint.watched)
        try best.restore(kept, model.parameters)
        try retention?.restore(kept, stage: saved.stage)
        for (name, tensor) in model.frozenColumns { try kept.read(name, into: tensor) }
        if let failure = backend.failure { throw failure }
        position = saved
        scores = checkpoint.scores
        runner.pass.tokensMax = max(1, saved.pieceTokens)
        observer.event(
            kind: "resumed",
            message: "going on after step \(saved.step) of \(progress().steps)")
        if checkpoint.numerics != backend.numerics {
            observer.event(
                kind: "numerics_changed",
                message: "the run was begun with \(checkpoint.numerics) and goes on with "
                    + "\(backend.numerics): the last digits may differ from an uninterrupted run")
        }
    }

    /// Steps that a run at this position has taken; `nil` where the plan has no such position.
    private func stepsDone(_ position: RunPosition) -> Int? {
        guard (0...stages.count).contains(position.stage), position.index >= 0,
            (0...spec.epochs).contains(position.epoch)
        else { return nil }
        let before = stages.prefix(position.stage).reduce(0) { $0 + $1.rows.steps }
        guard position.stage < stages.count else {
            return position.epoch == 0 && position.index == 0 ? before : nil
        }
        let steps = stages[position.stage].rows.stepsByEpoch
        let own = steps.prefix(position.epoch).reduce(0, +) + position.index
        let isInEpoch =
            steps.indices.contains(position.epoch)
            ? position.index <= steps[position.epoch] : position.index == 0
        return isInEpoch && position.stageStart == before ? before + own : nil
    }
}
