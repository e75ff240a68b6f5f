// What workers write. Every write carries the fence of its lease and changes nothing, returning
// false, once the run was leased again or is not running.

import GRDB
package import JSON
package import Spec

extension Store {
    @discardableResult
    package func recordProgress(
        _ id: String, fence: Int, _ progress: RunProgressRecord
    ) throws -> Bool {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE runs SET step = ?, steps = ?, epoch = ?, tokens_per_second = ?,
                        eta_seconds = ?, training_seconds = ?, phase = ?, updated = ?
                    WHERE id = ? AND fence = ? AND status = 'running'
                    """,
                arguments: [
                    progress.step, progress.steps, progress.epoch, progress.tokensPerSecond,
                    progress.etaSeconds, progress.trainingSeconds, progress.phase, Clock.now(),
                    id, fence,
                ])
            return db.changesCount == 1
        }
    }

    /// A point with the key of an earlier one replaces it.
    @discardableResult
    package func recordMetrics(_ id: String, fence: Int, _ points: [MetricPoint]) throws -> Bool {
        let done: Void? = try fenced(id, fence) { _, db in
            let statement = try db.makeStatement(
                sql: """
                    INSERT INTO metrics (run, time, task, name, split, epoch, step, value)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (run, task, name, split, step) DO UPDATE
                    SET time = excluded.time, epoch = excluded.epoch, value = excluded.value
                    """)
            let now = Clock.now()
            for point in points {
                try statement.execute(arguments: [
                    id, now, point.task, point.name, point.split, point.epoch, point.step,
                    point.value.isNaN ? nil : point.value,
                ])
            }
        }
        return done != nil
    }

    @discardableResult
    package func recordEvent(
        _ id: String, fence: Int, kind: String, message: String
    ) throws -> Bool {
        let done: Void? = try fenced(id, fence) { _, db in
            try Self.event(id, kind, message, db)
        }
        return done != nil
    }

    /// Keeps a part of the run's report; one of the same name is replaced.
    @discardableResult
    package func recordDocument(
        _ id: String, fence: Int, name: String, json: String
    ) throws -> Bool {
        let done: Void? = try fenced(id, fence) { _, db in
            try db.execute(
                sql: """
                    INSERT INTO run_documents (run, name, body) VALUES (?, ?, ?)
                    ON CONFLICT (run, name) DO UPDATE SET body = excluded.body
                    """, arguments: [id, name, json])
        }
        return done != nil
    }

    /// Sets the run's checkpoint, whose blob was kept, and deletes that of the one before.
    /// Failures count from zero again.
    @discardableResult
    package func recordCheckpoint(
        _ id: String, fence: Int, sha256: String, step: Int
    ) throws -> Bool {
        let before = try fenced(id, fence) { run, db in
            try requireBlob(sha256)
            try db.execute(
                sql: """
                    UPDATE runs SET checkpoint_sha256 = ?, checkpoint_step = ?,
                        failures_since_checkpoint = 0, updated = ?
                    WHERE id = ?
                    """, arguments: [sha256, step, Clock.now(), id])
            try Self.event(id, "checkpoint", "checkpoint at step \(step)", db)
            return run.checkpointSHA256
        }
        try deleteUnreferenced(before.map { [$0] } ?? [sha256])
        return before != nil
    }

    /// Run succeeded, its model, and the alias of its name, in one transaction; then the
    /// checkpoint's blob goes. nil when the fence is stale, or the run is a baseline, of which
    /// only the scores stay.
    package func finishRun(
        _ id: String, fence: Int, weightsSHA256: String, summary: JSON
    ) throws -> ModelRecord? {
        let finished = try fenced(id, fence) { run, db in
            guard run.parent == nil else {
                try Self.end(
                    id, .succeeded, event: "finished; a baseline's model is not kept", code: nil,
                    message: nil, db)
                return (model: ModelRecord?.none, dropped: [run.checkpointSHA256, weightsSHA256])
            }
            try requireBlob(weightsSHA256)
            let base = try String.fetchOne(
                db, sql: "SELECT base_sha256 FROM runs WHERE id = ?", arguments: [id])
            guard let base = try base ?? Self.findModel(run.spec.baseModel, db)?.baseSHA256
            else { throw StoreError.notFound("model", run.spec.baseModel) }
            let model = try Self.insertModel(
                name: run.name, kind: "finetuned", base: base, weights: weightsSHA256, run: id,
                summary, db)
            try Self.setAlias(run.name, model: model.id, db)
            try db.execute(
                sql: "UPDATE runs SET model = ? WHERE id = ?", arguments: [model.id, id])
            try Self.end(
                id, .succeeded, event: "finished; the model is \(model.id)", code: nil,
                message: nil, db)
            return (model: model, dropped: [run.checkpointSHA256])
        }
        try deleteUnreferenced(finished?.dropped ?? [weightsSHA256])
        return finished?.model
    }

    /// Ends a run that did not succeed: `failed`, `cancelled`.
    @discardableResult
    package func endRun(
        _ id: String, fence: Int, status: RunStatus, errorCode: String?, errorMessage: String?
    ) throws -> Bool {
        precondition(status == .failed || status == .cancelled, "not an end without a model")
        let ended = try fenced(id, fence) { run, db in
            let message = errorMessage ?? (status == .cancelled ? "cancelled" : "failed")
            try Self.end(
                id, status, event: message, code: errorCode, message: errorMessage, db)
            return run.checkpointSHA256
        }
        try deleteUnreferenced([ended ?? nil])
        return ended != nil
    }

    /// Runs `body` if the lease still holds, in one transaction; nil if it does not.
    private func fenced<T>(
        _ id: String, _ fence: Int, _ body: (RunRecord, Database) throws -> T
    ) throws -> T? {
        try write { db in
            let run = try Self.run(id, db)
            guard run.status == .running, run.fence == fence else { return nil }
            return try body(run, db)
        }
    }
}
