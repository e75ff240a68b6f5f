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
    init(_ spec: RunSpec, store: Store) throws {
        let own = try Self.size(spec, store)
        (rows, tokens) = (own.rows, own.tokens)
        steps = Self.steps(spec, tokens: own.tokens, rows: own.rows)
        let baselines = try spec.baselineRuns.map { try Self.size($0.spec, store).tokens }
        runs = 1 + baselines.count
        tokensWithBaselines = baselines.reduce(own.tokens, +)
        let parameters = try store.model(spec.baseModel).summary["parameters"]?.integer
        let isWhole = spec.adaptation == nil || spec.adaptation?.method == "full"
        memoryBytes = parameters.map { count in
            // Aggregations keep every task's gradient apart; adapters and heads are small.
            let slots = spec.aggregation == nil ? 1 : spec.tasks.count
            let each = isWhole ? Self.bytesPerTrained + 4 * Double(slots - 1) : 4
            return Int(Double(count) * each)
        }
        let known = try store.speed(baseModel: spec.baseModel)
        let total = tokensWithBaselines
        seconds = known.map { Double(total) / $0 }
    }

    /// Rows and tokens of all stages: an epoch of a stage draws as many rows as its tasks have.
    private static func size(_ spec: RunSpec, _ store: Store) throws -> (rows: Int, tokens: Int) {
        var (rows, tokens) = (0.0, 0.0)
        let tasks = try spec.tasks.map { task in
            let summary = try store.dataset(task.dataset).summary
            let held: Double =
                if case .fraction(let share) = task.validation { share } else { 0 }
            let scalars = Double(summary.textLength["p50"] ?? 0)
            let length = min(
                Double(spec.maxLength), scalars / scalarsPerToken + tokensAround)
            return (rows: Double(summary.rows) * (1 - held), length: length)
        }
        for stage in spec.trainedStagePlaces {
            for task in stage {
                rows += Double(spec.epochs) * tasks[task].rows
                tokens += Double(spec.epochs) * tasks[task].rows * tasks[task].length
            }
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
