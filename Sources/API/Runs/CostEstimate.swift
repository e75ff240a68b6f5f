import Datasets
import JSON
import Spec
import Store

/// What a run will cost, from the sizes of its data and its model; nothing is read or computed.
struct CostEstimate: Equatable {
    /// Unicode scalars of a token of plain text, about.
    private static let scalarsPerToken = 4.0
    /// Tokens around a row: its template's, its end.
    private static let tokensAround = 4.0
    private static let bytesPerWeight = 4.0
    /// Weight, two moments and a gradient, float32 each.
    private static let bytesPerTrained = 16.0

    /// Rows drawn and tokens trained on in all stages and epochs.
    var rows: Int
    var tokens: Int
    var steps: Int
    /// Weights, moments and gradients; activations come on top. `nil` where the model's size is
    /// unknown.
    var memoryBytes: Int?
    /// At the speed of the newest run that finished on the same base model; `nil` without one.
    var seconds: Double?
    /// How many runs it queues, its baselines included, and their tokens.
    var runs: Int
    var tokensWithBaselines: Int

    /// - Throws: `StoreError`.
    init(_ spec: RunSpec, store: Store, catalogue: [MethodDescriptor]) throws {
        let own = try Self.size(spec, store, replayed: Self.replayed(spec, catalogue))
        (rows, tokens) = (own.rows, own.tokens)
        steps = Self.steps(spec, tokens: own.tokens, rows: own.rows)
        let baselines = try spec.baselineRuns.map {
            try Self.size($0.spec, store, replayed: 0).tokens
        }
        runs = 1 + baselines.count
        tokensWithBaselines = baselines.reduce(own.tokens, +)
        let parameters = try store.model(spec.baseModel).summary["parameters"]?.integer
        let each = Self.bytesPerParameter(spec, catalogue)
        memoryBytes = parameters.map { Int(Double($0) * each) }
        let known = try store.speed(baseModel: spec.baseModel)
        let total = tokensWithBaselines
        seconds = known.map { Double(total) / $0 }
    }

    /// Of the base model's parameters: weights, and moments and gradients of those that train.
    private static func bytesPerParameter(
        _ spec: RunSpec, _ catalogue: [MethodDescriptor]
    ) -> Double {
        let adaptation = catalogue.entry(.adaptation, spec.adaptation)
        // Aggregations keep every task's gradient apart.
        let slots = spec.aggregation == nil ? 1 : spec.tasks.count
        let trained = bytesPerTrained + bytesPerWeight * Double(slots - 1)
        return switch adaptation?.outcome ?? .weights {
        case .weights: trained
        // One network a stage, of which the last one trains.
        case .networks: trained + bytesPerWeight * Double(spec.trainedStagePlaces.count - 1)
        // Adapters and heads are small.
        case .sharedAdapter, .taskAdapters, .unchanged: bytesPerWeight
        }
    }

    /// Rows of earlier tasks that a step of a later stage takes for each new one.
    private static func replayed(_ spec: RunSpec, _ catalogue: [MethodDescriptor]) -> Double {
        (spec.retention ?? []).reduce(0) { sum, chosen in
            guard
                let method = catalogue.entry(.retention, chosen),
                let rate = method.parameters.first(where: { $0.name == "rate" })
            else { return sum }
            let wanted = chosen.parameters["rate"] ?? rate.default
            return sum + Double(method.earlierDraws) * wanted
        }
    }

    /// Rows and tokens of all stages: an epoch of a stage draws as many rows as its tasks have, and
    /// after the first `replayed` times as many of earlier tasks.
    private static func size(
        _ spec: RunSpec, _ store: Store, replayed: Double
    ) throws -> (rows: Int, tokens: Int) {
        var (rows, tokens) = (0.0, 0.0)
        var earlier: Set<Int> = []
        let tasks = try spec.tasks.map { task in
            let summary = try store.dataset(task.dataset).summary
            let held: Double =
                if case .fraction(let share) = task.validation { share } else { 0 }
            let scalars = Double(summary.textLength["p50"] ?? 0)
            let length = min(
                Double(spec.maxLength), scalars / scalarsPerToken + tokensAround)
            return (rows: Double(summary.rows) * (1 - held), length: length)
        }
        for (place, stage) in spec.stagePlaces.enumerated() {
            defer { earlier.formUnion(stage) }
            guard spec.trainedStagePlaces.indices.contains(place) else { continue }
            let new = Double(spec.epochs) * stage.reduce(0) { $0 + tasks[$1].rows }
            rows += new
            tokens += stage.reduce(0) {
                $0 + Double(spec.epochs) * tasks[$1].rows * tasks[$1].length
            }
            let others = earlier.subtracting(stage)
            guard !others.isEmpty else { continue }
            let length = others.reduce(0) { $0 + tasks[$1].length } / Double(others.count)
            rows += replayed * new
            tokens += replayed * new * length
        }
        return (Int(rows.rounded()), Int(tokens.rounded()))
    }

    private static func steps(_ spec: RunSpec, tokens: Int, rows: Int) -> Int {
        guard rows > 0 else { return 0 }
        let length = Double(tokens) / Double(rows)
        let filled = (Double(spec.batchTokens) / length).rounded(.down)
        let rowsPerStep = max(1, min(filled, spec.batchRows.map { Double($0) } ?? filled))
        return Int((Double(rows) / rowsPerStep).rounded(.up))
    }
}
