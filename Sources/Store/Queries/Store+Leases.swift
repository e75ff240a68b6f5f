// A run's way through the workers: queued → running (fence + 1) → queued again, paused, or ended.

import GRDB

extension Store {
    /// Failures without a checkpoint in between after which a run is given up as `poisoned`.
    package static let failuresMax = 3

    /// The oldest queued run, leased: status running, fence + 1. nil when there is none.
    package func leaseNextRun() throws -> RunRecord? {
        try write { db in
            let id = try String.fetchOne(
                db, sql: "SELECT id FROM runs WHERE status = 'queued' ORDER BY number LIMIT 1")
            guard let id else { return nil }
            let now = Clock.now()
            try db.execute(
                sql: """
                    UPDATE runs SET status = 'running', phase = 'loading', fence = fence + 1,
                        started = coalesce(started, ?), updated = ?
                    WHERE id = ?
                    """, arguments: [now, now, id])
            let run = try Self.run(id, db)
            try Self.event(id, "leased", "given to a worker, lease \(run.fence)", db)
            return run
        }
    }

    /// At start: runs left running go back to queued (their ids are returned), are paused if that
    /// was wanted, or end if they were being cancelled. No failure is charged.
    package func requeueInterruptedRuns() throws -> [String] {
        let (ids, dropped) = try write { db in
            let interrupted = try Row.fetchAll(
                db, sql: "SELECT * FROM runs WHERE status = 'running' ORDER BY number"
            ).map(Self.runRecord)
            for run in interrupted {
                try Self.letGo(run, "the server restarted", db)
            }
            return (
                interrupted.filter { !$0.cancelRequested && !$0.pauseRequested }.map(\.id),
                interrupted.filter(\.cancelRequested).map(\.checkpointSHA256)
            )
        }
        try deleteUnreferenced(dropped)
        return ids
    }

    /// After the compute process died or let go: back to queued, or paused if that was wanted.
    /// Failures + 1 when `charged`; the third without a checkpoint in between makes it failed,
    /// `poisoned`.
    /// - Returns: the new status; the present one, with nothing changed, when the fence is stale.
    @discardableResult
    package func releaseRun(
        _ id: String, fence: Int, reason: String, charged: Bool = true
    ) throws -> RunStatus {
        let checkpoint = try write { db -> String? in
            let run = try Self.run(id, db)
            guard run.status == .running, run.fence == fence else { return nil }
            let failures = run.failuresSinceCheckpoint + (charged ? 1 : 0)
            try db.execute(
                sql: "UPDATE runs SET failures_since_checkpoint = ? WHERE id = ?",
                arguments: [failures, id])
            if failures >= Self.failuresMax, !run.cancelRequested {
                let message = "failed \(failures) times without a checkpoint in between: \(reason)"
                try Self.end(
                    id, .failed, event: message, code: "poisoned", message: message, db)
            } else {
                try Self.letGo(run, reason, db)
            }
            return run.checkpointSHA256
        }
        try deleteUnreferenced([checkpoint])
        return try run(id).status
    }

    private static func letGo(
        _ run: RunRecord, _ reason: String, _ db: Database
    ) throws {
        if run.cancelRequested {
            return try end(
                run.id, .cancelled, event: "cancelled", code: nil, message: nil, db)
        }
        if run.pauseRequested { return try pause(run.id, db) }
        try db.execute(
            sql: """
                UPDATE runs SET status = 'queued', phase = 'queued', updated = ?,
                    eta_seconds = NULL
                WHERE id = ?
                """, arguments: [Clock.now(), run.id])
        try event(run.id, "requeued", reason, db)
    }
}
