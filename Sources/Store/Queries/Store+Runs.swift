import GRDB
package import Spec

extension Store {
    /// Queues a run, and behind it those of its baselines. With a key that made one already, that
    /// one.
    /// - Throws: `not_found` for a data set that is not there.
    package func createRun(_ spec: RunSpec, idempotency: IdempotencyKey?) throws -> RunRecord {
        try write { db in
            if let idempotency, let made = try Self.replay(idempotency, db) {
                return try Self.run(made, db)
            }
            let id = try Self.insert(spec, db)
            for baseline in spec.baselineRuns {
                _ = try Self.insert(
                    baseline.spec, parent: id, baseline: baseline.baseline.rawValue, db)
            }
            try Self.remember(idempotency, object: id, db)
            return try Self.run(id, db)
        }
    }

    private static func insert(
        _ spec: RunSpec, parent: String? = nil, baseline: String? = nil, _ db: Database
    ) throws -> String {
        let id = try Identifier.make("run_")
        let now = Clock.now()
        let base = try findModel(spec.baseModel, db)?.baseSHA256
        try db.execute(
            sql: """
                INSERT INTO runs (id, name, created, updated, status, spec, base_sha256, parent,
                    baseline)
                VALUES (?, ?, ?, ?, 'queued', ?, ?, ?, ?)
                """,
            arguments: [id, spec.name, now, now, try json(spec), base, parent, baseline])
        for dataset in datasets(of: spec) {
            try db.execute(
                sql: """
                    INSERT INTO run_datasets (run, dataset)
                    SELECT ?, id FROM datasets WHERE id = ?
                    """, arguments: [id, dataset])
            guard db.changesCount == 1 else { throw StoreError.notFound("data set", dataset) }
        }
        let purpose = parent.map { " as a baseline of \($0)" } ?? ""
        try event(id, "created", "the run was created\(purpose)", db)
        try event(id, "queued", "waiting for a worker", db)
        return id
    }

    package func run(_ id: String) throws -> RunRecord {
        try read { try Self.run(id, $0) }
    }

    package func runs(_ page: PageQuery) throws -> Page<RunRecord> {
        try self.page(page, of: "runs", called: "run", Self.runRecord)
    }

    /// Queued and paused runs are cancelled at once; a running one is flagged, for its worker to
    /// stop. The runs of its baselines go with it.
    /// - Throws: `conflict` when it has ended and none of its baselines is left to cancel.
    package func requestCancel(_ id: String) throws -> RunRecord {
        let before = try write { db in
            let run = try Self.run(id, db)
            let baselines = try Self.cancelBaselines(of: id, db)
            switch run.status {
            case _ where run.status.isEnded && !baselines.isEmpty: break
            case .queued, .paused:
                try Self.end(
                    id, .cancelled, event: "cancelled before it went on", code: nil, message: nil,
                    db)
            case .running where !run.cancelRequested:
                try db.execute(
                    sql: "UPDATE runs SET cancel_requested = 1, updated = ? WHERE id = ?",
                    arguments: [Clock.now(), id])
                try Self.event(id, "cancel_requested", "the worker was asked to stop", db)
            case .running: break
            case .succeeded, .failed, .cancelled:
                throw StoreError(
                    code: "conflict", message: "the run has ended: it is \(run.status.rawValue)")
            }
            return baselines.map(\.checkpointSHA256) + [run.checkpointSHA256]
        }
        // What a run still holds is not let go.
        try deleteUnreferenced(before)
        return try run(id)
    }

    /// A queued run is paused at once; a running one is flagged, for its worker to save it and
    /// stop. The runs of its baselines go on.
    /// - Throws: `conflict` when it has ended or is being cancelled.
    package func requestPause(_ id: String) throws -> RunRecord {
        try write { db in
            let run = try Self.unended(id, db)
            switch run.status {
            case .queued: try Self.pause(id, db)
            case .running where !run.pauseRequested:
                try db.execute(
                    sql: "UPDATE runs SET pause_requested = 1, updated = ? WHERE id = ?",
                    arguments: [Clock.now(), id])
                try Self.event(id, "pause_requested", "the worker was asked to save and stop", db)
            case .running, .paused, .succeeded, .failed, .cancelled: break
            }
            return try Self.run(id, db)
        }
    }

    /// Queues a paused run, which goes on from its last checkpoint; takes back a wish to pause.
    /// - Throws: `conflict` when it has ended or is being cancelled.
    package func resume(_ id: String) throws -> RunRecord {
        try write { db in
            let run = try Self.unended(id, db)
            guard run.status == .paused || run.pauseRequested else { return run }
            try db.execute(
                sql: """
                    UPDATE runs SET pause_requested = 0, updated = ?,
                        status = iif(status = 'paused', 'queued', status),
                        phase = iif(status = 'paused', 'queued', phase)
                    WHERE id = ?
                    """, arguments: [Clock.now(), id])
            try Self.event(id, "resumed", "the run goes on", db)
            return try Self.run(id, db)
        }
    }

    /// - Throws: `conflict` when nothing may change any more.
    private static func unended(_ id: String, _ db: Database) throws -> RunRecord {
        let run = try run(id, db)
        guard !run.status.isEnded, !run.cancelRequested else {
            let state = run.status.isEnded ? run.status.rawValue : "being cancelled"
            throw StoreError(code: "conflict", message: "the run has ended: it is \(state)")
        }
        return run
    }

    static func pause(_ id: String, _ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE runs SET status = 'paused', phase = 'paused', pause_requested = 0,
                    updated = ?, eta_seconds = NULL
                WHERE id = ?
                """, arguments: [Clock.now(), id])
        try event(id, "paused", "the run waits to be resumed", db)
    }

    /// As `requestCancel`, for those of a run's baselines that have not ended; they are returned
    /// as they were.
    static func cancelBaselines(of id: String, _ db: Database) throws -> [RunRecord] {
        let runs = try baselines(of: id, db).filter { !$0.status.isEnded }
        for run in runs {
            if run.status == .running {
                try db.execute(
                    sql: "UPDATE runs SET cancel_requested = 1, updated = ? WHERE id = ?",
                    arguments: [Clock.now(), run.id])
            } else {
                try end(
                    run.id, .cancelled, event: "cancelled with \(id)", code: nil, message: nil, db)
            }
        }
        return runs
    }

    /// The runs that were queued as a run's baselines, in their order.
    package func baselines(of id: String) throws -> [RunRecord] {
        try read { try Self.baselines(of: id, $0) }
    }

    private static func baselines(of id: String, _ db: Database) throws -> [RunRecord] {
        try Row.fetchAll(
            db, sql: "SELECT * FROM runs WHERE parent = ? ORDER BY number", arguments: [id]
        ).map(runRecord)
    }

    /// Data sets a run reads: for training, held out and test; each once.
    static func datasets(of spec: RunSpec) -> [String] {
        var ids: [String] = []
        for task in spec.tasks {
            ids.append(task.dataset)
            if case .dataset(let id) = task.validation { ids.append(id) }
            if let test = task.test { ids.append(test) }
        }
        return Set(ids).sorted()
    }

    static func run(_ id: String, _ db: Database) throws -> RunRecord {
        let row = try Row.fetchOne(db, sql: "SELECT * FROM runs WHERE id = ?", arguments: [id])
        guard let row else { throw StoreError.notFound("run", id) }
        return try runRecord(row)
    }

    static func runRecord(_ row: Row) throws -> RunRecord {
        guard let status = RunStatus(rawValue: row["status"]) else {
            throw StoreError(code: "corrupt", message: "a run has an unknown status")
        }
        return RunRecord(
            number: row["number"], id: row["id"], name: row["name"], created: row["created"],
            updated: row["updated"], started: row["started"], finished: row["finished"],
            status: status, spec: try decode(RunSpec.self, row["spec"]), fence: row["fence"],
            cancelRequested: row["cancel_requested"], pauseRequested: row["pause_requested"],
            failuresSinceCheckpoint: row["failures_since_checkpoint"], step: row["step"],
            steps: row["steps"], epoch: row["epoch"], tokensPerSecond: row["tokens_per_second"],
            etaSeconds: row["eta_seconds"], trainingSeconds: row["training_seconds"],
            phase: row["phase"], errorCode: row["error_code"], errorMessage: row["error_message"],
            model: row["model"], checkpointSHA256: row["checkpoint_sha256"],
            checkpointStep: row["checkpoint_step"], parent: row["parent"],
            baseline: row["baseline"])
    }

    static func event(_ run: String, _ kind: String, _ message: String, _ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO events (run, time, kind, message) VALUES (?, ?, ?, ?)",
            arguments: [run, Clock.now(), kind, message])
    }

    /// To an ended status, with its event; the checkpoint is let go (its file, after the commit,
    /// by `deleteUnreferenced`).
    static func end(
        _ id: String, _ status: RunStatus, event message: String, code: String?,
        message errorMessage: String?, _ db: Database
    ) throws {
        let now = Clock.now()
        try db.execute(
            sql: """
                UPDATE runs SET status = ?, phase = ?, updated = ?, finished = ?, error_code = ?,
                    error_message = ?, eta_seconds = NULL, checkpoint_sha256 = NULL,
                    checkpoint_step = NULL
                WHERE id = ?
                """,
            arguments: [status.rawValue, status.rawValue, now, now, code, errorMessage, id])
        try event(id, status.rawValue, message, db)
        // Nothing is left to compare them with.
        if status != .succeeded { _ = try cancelBaselines(of: id, db) }
    }
}
