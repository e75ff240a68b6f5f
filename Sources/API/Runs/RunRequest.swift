import HTTP
import JSON
import Spec

/// Reads the body of `POST /v1/runs` into a spec with every default resolved, as far as that can
/// be done without the store. What needs the store (data sets, the base model) is `RunChecks`'.
struct RunRequest {
    let catalogue: [MethodDescriptor]
    /// The one for `auto` last.
    let dtypes: [String]
    let limits: APILimits

    /// - Returns: the spec; its `baseModel` is empty where the body names none.
    /// - Throws: `APIError` naming the parameter at fault.
    func read(_ body: JSON) throws -> RunSpec {
        var fields = try FieldReader(body)
        guard let name = try fields.identifier("name") else {
            throw fields.missing("name", "the run's name; its model is served under it")
        }
        guard !["mdl_", "run_", "ds_"].contains(where: { name.hasPrefix($0) }) else {
            throw fields.invalid("name", "must not begin like an id (mdl_, run_, ds_)")
        }
        let baseModel = try fields.identifier("base_model") ?? ""
        let tasks = try tasks(&fields)
        let mixing = try method(&fields, "mixing", .mixing, tasks)
        let adaptation = try method(&fields, "adaptation", .adaptation, tasks)
        var spec = RunSpec(
            name: name, baseModel: baseModel, tasks: tasks,
            mixing: try mixing ?? resolved("mixing", MethodSpec("proportional"), .mixing, tasks),
            weighting: try method(&fields, "weighting", .weighting, tasks),
            curriculum: try method(&fields, "curriculum", .curriculum, tasks),
            aggregation: try method(&fields, "aggregation", .aggregation, tasks),
            retention: try methods(&fields, "retention", .retention, tasks),
            adaptation: adaptation,
            stages: try stages(&fields, tasks),
            optimizer: try optimizer(&fields, adaptation),
            epochs: try fields.integer("epochs", in: 1...limits.epochsMax) ?? 1,
            batchTokens: try fields.integer("batch_tokens", in: 16...limits.batchTokensMax) ?? 1024,
            maxLength: try fields.integer("max_length", in: 8...limits.batchTokensMax) ?? 256,
            seed: UInt64(try fields.integer("seed", in: 0...Int.max) ?? 1),
            dtype: try dtype(&fields),
            checkpointSeconds: try fields.number("checkpoint_seconds", in: 1...86_400) ?? 120)
        try learnt(&fields, &spec)
        spec.batchRows = try fields.integer("batch_rows", in: 1...limits.batchTokensMax)
        spec.earlyWarning = try earlyWarning(&fields)
        spec.baselines = try baselines(&fields)
        try fields.finish()
        guard spec.maxLength <= spec.batchTokens else {
            throw fields.invalid(
                "batch_tokens",
                "must be at least `max_length` (\(spec.maxLength)), found \(spec.batchTokens)")
        }
        if let contradiction = spec.contradiction(catalogue) {
            throw APIError.invalid(contradiction.parameter, contradiction.rule)
        }
        return spec
    }

    private func dtype(_ fields: inout FieldReader) throws -> String {
        let dtype = try fields.choice("dtype", of: ["auto"] + dtypes) ?? "auto"
        return dtype == "auto" ? dtypes.last ?? "fp32" : dtype
    }

    private func optimizer(
        _ fields: inout FieldReader, _ adaptation: MethodSpec?
    ) throws -> OptimizerSpec {
        var spec = OptimizerSpec()
        spec.learningRate =
            catalogue.entry(.adaptation, adaptation)?.learningRate ?? spec.learningRate
        guard var reader = try fields.object("optimizer") else { return spec }
        spec.name = try reader.choice("name", of: ["adamw"]) ?? spec.name
        spec.learningRate =
            try reader.number("learning_rate", in: 0...1, openBelow: true) ?? spec.learningRate
        spec.weightDecay = try reader.number("weight_decay", in: 0...1) ?? spec.weightDecay
        spec.beta1 = try reader.number("beta1", in: 0...0.9999)
        spec.beta2 = try reader.number("beta2", in: 0...0.99999)
        spec.epsilon = try reader.number("epsilon", in: 1e-12...1)
        spec.schedule =
            try reader.choice("schedule", of: ["cosine", "linear", "constant"]) ?? spec.schedule
        spec.warmupFraction =
            try reader.number("warmup_fraction", in: 0...0.9) ?? spec.warmupFraction
        spec.restartsEachStage = try reader.flag("restart_each_stage")
        spec.clip = try reader.number("clip", in: 0...1000) ?? spec.clip
        try reader.finish()
        return spec
    }
}
