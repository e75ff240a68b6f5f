import ArgumentParser
import Foundation
import Store
import Tracking

/// Where the metrics of all runs go beside the store.
struct TrackerOptions: ParsableArguments {
    @Option(
        name: .customLong("log-tensorboard"),
        help: ArgumentHelp(
            "Folder to write the metrics of all runs to as TensorBoard event files.",
            valueName: "DIR"))
    var tensorBoardFolder: String?

    @Option(
        name: .customLong("log-mlflow"),
        help: ArgumentHelp(
            "MLflow tracking server to send the metrics of all runs to.",
            discussion: """
                MLFLOW_EXPERIMENT_NAME (polytask) says into which experiment, and \
                MLFLOW_TRACKING_TOKEN, or _USERNAME and _PASSWORD, let us in.
                """, valueName: "URL"))
    var mlflow: String?

    /// - Throws: `CommandFailure` for an address that cannot be used.
    func mlflowServer() throws -> MLflowServer? {
        guard let mlflow else { return nil }
        guard let server = MLflowServer(mlflow, credentials) else {
            throw CommandFailure(
                "--log-mlflow must be an http or https URL without user and query; credentials "
                    + "belong into MLFLOW_TRACKING_TOKEN, or _USERNAME and _PASSWORD, in ASCII")
        }
        return server
    }

    func sinks(
        _ mlflow: MLflowServer?, _ store: Store
    ) -> [@Sendable (_ note: @escaping (String) -> Void) -> any MetricSink] {
        var sinks: [@Sendable (@escaping (String) -> Void) -> any MetricSink] = []
        if let tensorBoardFolder {
            sinks.append { _ in TensorBoardSink(folder: tensorBoardFolder) }
        }
        if let mlflow {
            let experiment = Self.variable("MLFLOW_EXPERIMENT_NAME") ?? "polytask"
            sinks.append { note in
                MLflowSink(
                    server: mlflow.address, experiment: experiment, store: store, note: note,
                    exchange: mlflow.exchange)
            }
        }
        return sinks
    }

    private var credentials: MLflowServer.Credentials {
        if let token = Self.variable("MLFLOW_TRACKING_TOKEN") { return .token(token) }
        guard let user = Self.variable("MLFLOW_TRACKING_USERNAME") else { return .none }
        return .password(user: user, Self.variable("MLFLOW_TRACKING_PASSWORD") ?? "")
    }

    private static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}
