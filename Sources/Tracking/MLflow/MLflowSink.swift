// What MLflow is told of runs (REST API 2.0), one MLflow run for each. It knows no connections.

package import HTTP
package import JSON
internal import Spec
package import Store

/// Sends metrics to an MLflow tracking server, all runs into one experiment.
///
/// What was sent already and is sent again after a crash changes nothing there: a metric is known by
/// key, step, time and value, and a run is looked up by its tag before it is made.
package final class MLflowSink: MetricSink {
    /// One request below `/api/2.0/mlflow/`; see `MLflowServer.exchange`.
    package typealias Exchange =
        (_ method: HTTP.Method, _ path: String, _ body: JSON?) throws -> (status: Int, body: JSON)

    package let name: String
    private static let tag = "polytask.run"
    private static let batch = 500
    private static let unfinishedMax = 1000
    private let experiment: String
    private let store: Store
    private let exchange: Exchange
    private let note: (String) -> Void
    private var experimentID: String?
    /// Runs that MLflow takes nothing more for, as someone has deleted them there: they must not
    /// hold up the others.
    private var refused: Set<String> = []

    /// - Parameters:
    ///   - server: names the server; what was sent to another is sent to this one anew.
    ///   - note: takes what was left out for good.
    ///   - exchange: throws `TrackingError` where no answer comes.
    package init(
        server: String, experiment: String, store: Store,
        note: @escaping (String) -> Void = { _ in }, exchange: @escaping Exchange
    ) {
        name = "mlflow \(server) \(experiment)"
        self.experiment = experiment
        self.store = store
        self.note = note
        self.exchange = exchange
    }

    package func write(_ metrics: [RunMetric], runs: [String: RunRecord]) throws {
        for (id, own) in Dictionary(grouping: metrics, by: \.run).sorted(by: { $0.key < $1.key }) {
            guard let run = runs[id] else { continue }
            let points = own.filter { $0.record.point.value.isFinite }
            let foreign = try foreignID(run)
            for start in stride(from: 0, to: points.count, by: Self.batch) {
                let part = points[start..<min(start + Self.batch, points.count)]
                let metrics = JSON.array(part.map { Self.json($0.record) })
                try tell(run, "runs/log-batch", ["run_id": .string(foreign), "metrics": metrics])
            }
        }
    }

    package func ended(_ runs: [RunRecord]) throws {
        for run in runs {
            let status: JSON =
                switch run.status {
                case .succeeded: "FINISHED"
                case .cancelled: "KILLED"
                default: "FAILED"
                }
            try tell(
                run, "runs/update",
                [
                    "run_id": .string(try foreignID(run)), "status": status,
                    "end_time": Self.milliseconds(run.finished ?? run.updated),
                ])
        }
    }

    package func unfinished() throws -> Set<String> {
        let found = try post(
            "runs/search",
            [
                "experiment_ids": [.string(try experimentIdentifier())],
                "filter": "attributes.status = 'RUNNING'",
                "max_results": .integer(Int64(Self.unfinishedMax)),
            ])
        let tags = (found["runs"]?.array ?? []).flatMap { $0["data"]?["tags"]?.array ?? [] }
        return Set(tags.filter { $0["key"]?.string == Self.tag }.compactMap { $0["value"]?.string })
    }

    // MARK: Runs and experiments

    private func foreignID(_ run: RunRecord) throws -> String {
        if let known = try store.exportedID(of: run.id, by: name) { return known }
        let experiment = try experimentIdentifier()
        // Made before a crash that kept us from remembering it.
        let found = try post(
            "runs/search",
            [
                "experiment_ids": [.string(experiment)],
                "filter": .string("tags.`\(Self.tag)` = '\(run.id)'"), "max_results": 1,
            ])
        let made = found["runs"]?.array?.first?["info"]?["run_id"]?.string
        let id = try made ?? create(run, in: experiment)
        // Parameters are values that stay: saying them again is no error.
        try tell(
            run, "runs/log-batch",
            ["run_id": .string(id), "params": .array(RunParameters.of(run.spec))])
        try store.setExportedID(id, of: run.id, by: name)
        return id
    }

    private func create(_ run: RunRecord, in experiment: String) throws -> String {
        var tags: [JSON] = [["key": .string(Self.tag), "value": .string(run.id)]]
        // Baselines are shown below the run that they are for.
        if let parent = run.parent, let above = try store.exportedID(of: parent, by: name) {
            tags.append(["key": "mlflow.parentRunId", "value": .string(above)])
        }
        let made = try post(
            "runs/create",
            [
                "experiment_id": .string(experiment), "run_name": .string(run.name),
                "start_time": Self.milliseconds(run.started ?? run.created), "tags": .array(tags),
            ])
        guard let id = made["run"]?["info"]?["run_id"]?.string else {
            throw TrackingError(
                code: "refused", message: "MLflow answered runs/create without a run_id")
        }
        return id
    }

    private func experimentIdentifier() throws -> String {
        if let experimentID { return experimentID }
        let (status, found) = try exchange(
            .get, "experiments/get-by-name?experiment_name=\(PercentEncoding.query(experiment))",
            nil)
        var id = status == 200 ? found["experiment"]?["experiment_id"]?.string : nil
        if status == 404 {
            id = try post("experiments/create", ["name": .string(experiment)])["experiment_id"]?
                .string
        }
        guard let id else { throw Self.refusal("experiments/get-by-name", status, found) }
        experimentID = id
        return id
    }

    // MARK: Requests

    /// As `post`, but where MLflow has no such run any more it is left out from now on.
    private func tell(_ run: RunRecord, _ path: String, _ body: JSON) throws {
        guard !refused.contains(run.id) else { return }
        let (status, answer) = try exchange(.post, path, body)
        switch status {
        case 200..<300: return
        case 400, 404:
            refused.insert(run.id)
            note("\(Self.refusal(path, status, answer).message): run \(run.id) is left out")
        default: throw Self.refusal(path, status, answer)
        }
    }

    private func post(_ path: String, _ body: JSON) throws -> JSON {
        let (status, answer) = try exchange(.post, path, body)
        guard (200..<300).contains(status) else {
            // Someone may have deleted it: it is looked up again.
            experimentID = nil
            throw Self.refusal(path, status, answer)
        }
        return answer
    }

    private static func refusal(_ path: String, _ status: Int, _ answer: JSON) -> TrackingError {
        let code = answer["error_code"]?.string.map { " (\($0.prefix(64)))" } ?? ""
        let advice =
            switch status {
            case 401, 403: "; set MLFLOW_TRACKING_TOKEN, or _USERNAME and _PASSWORD"
            default: ""
            }
        return TrackingError(
            code: "refused", message: "MLflow answered \(path) with \(status)\(code)\(advice)")
    }

    private static func json(_ record: MetricRecord) -> JSON {
        [
            "key": .string(MetricName.withSplit(record.point)),
            "value": .number(record.point.value), "timestamp": milliseconds(record.time),
            "step": .integer(Int64(record.point.step)),
        ]
    }

    private static func milliseconds(_ seconds: Double) -> JSON {
        .integer(Int64((seconds * 1000).rounded()))
    }
}
