import JSON
import Store

extension RunRecord {
    /// The run object.
    var json: JSON {
        let error: JSON =
            errorCode.map { ["code": .string($0), "message": .optional(errorMessage)] } ?? nil
        return [
            "id": .string(id), "object": "run", "name": .string(name),
            "status": .string(status.rawValue), "phase": .string(phase),
            "progress": .measure(progress), "step": .count(step), "steps": .count(steps),
            "epoch": .count(epoch), "eta_seconds": status.isOver ? nil : .measure(etaSeconds),
            "tokens_per_second": .measure(tokensPerSecond),
            "training_seconds": .measure(trainingSeconds),
            "cancel_requested": .bool(cancelRequested), "pause_requested": .bool(pauseRequested),
            "failures": .count(failuresSinceCheckpoint),
            "checkpoint_step": checkpointStep.map { .count($0) } ?? nil,
            "parent": .optional(parent), "baseline": .optional(baseline),
            "model": .optional(model), "error": error, "created": .seconds(created),
            "started": .seconds(started), "updated": .seconds(updated),
            "finished": .seconds(finished), "spec": spec.json,
        ]
    }

    /// 0…1.
    private var progress: Double {
        if status == .succeeded { return 1 }
        return steps > 0 ? min(1, Double(step) / Double(steps)) : 0
    }
}

extension RunStatus {
    /// Nothing will change any more.
    var isOver: Bool {
        switch self {
        case .succeeded, .failed, .cancelled: true
        case .queued, .running, .paused: false
        }
    }
}
