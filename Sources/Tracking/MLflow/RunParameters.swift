internal import JSON
internal import Spec

/// What tells runs apart in MLflow's table.
enum RunParameters {
    /// Servers before MLflow 2.10 take no longer values.
    private static let valueCharactersMax = 500

    /// `key` and `value` of each, in the words of the API.
    static func of(_ spec: RunSpec) -> [JSON] {
        let retention = (spec.retention ?? []).map(text).joined(separator: "+")
        func names(_ places: [Int]) -> String {
            places.map { spec.tasks[$0].name }.joined(separator: "+")
        }
        let learnt = spec.startsLearnt == true ? spec.stagePlaces.first.map(names) : nil
        let stages = spec.trainedStagePlaces.map(names)
        let values: [(key: String, value: String)] = [
            ("base_model", spec.baseModel),
            ("tasks", spec.tasks.map(\.name).joined(separator: ",")),
            ("learnt", learnt ?? "none"), ("stages", stages.joined(separator: ",")),
            ("mixing", text(spec.mixing)),
            ("curriculum", spec.curriculum.map(text) ?? "none"),
            ("weighting", spec.weighting.map(text) ?? "none"),
            ("aggregation", spec.aggregation.map(text) ?? "none"),
            ("retention", retention.isEmpty ? "none" : retention),
            ("adaptation", spec.adaptation.map(text) ?? "full"),
            ("epochs", "\(spec.epochs)"), ("batch_tokens", "\(spec.batchTokens)"),
            ("batch_rows", spec.batchRows.map { "\($0)" } ?? "none"),
            ("seed", "\(spec.seed)"), ("learning_rate", "\(spec.optimizer.learningRate)"),
        ]
        return values.map { key, value -> JSON in
            ["key": .string(key), "value": .string(String(value.prefix(valueCharactersMax)))]
        }
    }

    /// `replay(buffer=0.1,rate=1)`, `fixed(sentiment=0.5,reply=1.5)`.
    private static func text(_ method: MethodSpec) -> String {
        func sorted<Value>(
            _ values: [String: Value]?, _ shown: (Value) -> String = { "\($0)" }
        ) -> [String] {
            (values ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\(shown($0.value))" }
        }
        let parameters =
            sorted(method.parameters) + sorted(method.options)
            + sorted(method.lists) { $0.joined(separator: "+") } + sorted(method.tasks)
        return parameters.isEmpty
            ? method.method : "\(method.method)(\(parameters.joined(separator: ",")))"
    }
}
