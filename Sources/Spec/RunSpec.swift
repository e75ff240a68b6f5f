// What a run is: the user's request after defaults were filled in. It is stored with the run,
// sent to the worker, and together with the data and the seed it determines the result.

/// A training run as `POST /v1/runs` describes it, every default resolved.
package struct RunSpec: Codable, Sendable, Equatable {
    package var name: String
    /// Id or alias of the model to start from: a pretrained one, for example
    /// `smollm2-135m-instruct`, or one that an earlier run made.
    package var baseModel: String
    package var tasks: [TaskSpec]
    package var mixing: MethodSpec
    /// `nil`: every row of a task may be drawn at any time.
    package var curriculum: MethodSpec?
    /// `nil`: the `step` loss scope, in which a task's pull is its share of the sampled rows.
    package var weighting: MethodSpec?
    /// `nil`: gradients add up.
    package var aggregation: MethodSpec?
    /// Methods against forgetting, at work from the second stage on; `nil`: none.
    package var retention: [MethodSpec]?
    /// What of the model trains; `nil`: all of it.
    package var adaptation: MethodSpec?
    /// Task names by stage, one stage after the other; `nil`: one stage of all tasks.
    package var stages: [[String]]?
    /// Whether the base model has learnt the first of `stages` already: its tasks are scored, and
    /// kept by retention methods, as after a stage of this run, and not trained. `nil`: no.
    package var startsLearnt: Bool?
    /// `nil`: the defaults.
    package var earlyWarning: EarlyWarningSpec?
    /// What to train beside the run, to compare it with; `nil`: nothing.
    package var baselines: [Baseline]?
    package var optimizer: OptimizerSpec
    /// Epochs of each stage over its tasks together: one epoch draws Σ nₜ rows, whatever the
    /// mixing.
    package var epochs: Int
    /// Most tokens of one optimiser step, all tasks together.
    package var batchTokens: Int
    /// Most rows of one optimiser step, replayed ones not counted; `nil`: as many as
    /// `batchTokens` holds.
    package var batchRows: Int?
    /// Longest sequence in tokens; longer rows are cut (counted, and said in an event).
    package var maxLength: Int
    package var seed: UInt64
    /// What large products round their factors to: `fp32` or `bf16` (`auto` is resolved when the
    /// run is created).
    package var dtype: String
    /// Seconds of training between two checkpoints.
    package var checkpointSeconds: Double

    package init(
        name: String, baseModel: String, tasks: [TaskSpec],
        mixing: MethodSpec = MethodSpec("proportional"), weighting: MethodSpec? = nil,
        curriculum: MethodSpec? = nil, aggregation: MethodSpec? = nil,
        retention: [MethodSpec]? = nil, adaptation: MethodSpec? = nil,
        stages: [[String]]? = nil,
        optimizer: OptimizerSpec = OptimizerSpec(), epochs: Int = 1, batchTokens: Int = 1024,
        maxLength: Int = 256, seed: UInt64 = 1, dtype: String = "fp32",
        checkpointSeconds: Double = 120
    ) {
        self.name = name
        self.baseModel = baseModel
        self.tasks = tasks
        self.mixing = mixing
        self.curriculum = curriculum
        self.weighting = weighting
        self.aggregation = aggregation
        self.retention = retention
        self.adaptation = adaptation
        self.stages = stages
        self.optimizer = optimizer
        self.epochs = epochs
        self.batchTokens = batchTokens
        self.maxLength = maxLength
        self.seed = seed
        self.dtype = dtype
        self.checkpointSeconds = checkpointSeconds
    }
}

extension RunSpec {
    /// Tasks whose labels a task's head has: those of the same `head`, or the task alone.
    package func sharingHead(_ task: TaskSpec) -> [TaskSpec] {
        task.head == nil ? [task] : tasks.filter { $0.head == task.head }
    }
}

/// Where a task's validation (or test) rows come from.
package enum HeldOut: Codable, Sendable, Equatable {
    /// A share of the training data set, split off by text so that equal texts stay together.
    case fraction(Double)
    /// Another data set, by id.
    case dataset(String)
}

package struct TaskSpec: Codable, Sendable, Equatable {
    package var name: String
    package var kind: TaskKind
    /// Data set id.
    package var dataset: String
    package var validation: HeldOut
    /// Evaluated once, at the end.
    package var test: String?
    /// One of its kind's: `TaskKind.traits`.
    package var metric: String
    /// `raw`, or `chat` for the model's chat template; generation only.
    package var format: String
    /// Tasks that name the same head share it, and its labels are those of all of them: which task a
    /// text belongs to need then not be known. `nil`: a head of its own. Classification only.
    package var head: String?

    package init(
        name: String, kind: TaskKind, dataset: String, validation: HeldOut = .fraction(0.1),
        test: String? = nil, metric: String? = nil, format: String? = nil, head: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.dataset = dataset
        self.validation = validation
        self.test = test
        self.metric = metric ?? kind.traits.metrics[0]
        self.format = format ?? kind.traits.formats[0]
        self.head = head
    }
}

/// A method chosen by name with its parameters; names are discovered, never enumerated.
package struct MethodSpec: Codable, Sendable, Equatable {
    package var method: String
    package var parameters: [String: Double]
    /// Per-task values (fixed weights, explicit mixing), by task name.
    package var tasks: [String: Double]
    /// Parameters that are words; `nil` where the method has none.
    package var options: [String: String]?
    /// Parameters that are lists of names; `nil` where the method has none.
    package var lists: [String: [String]]?

    package init(
        _ method: String, _ parameters: [String: Double] = [:], tasks: [String: Double] = [:],
        options: [String: String]? = nil, lists: [String: [String]]? = nil
    ) {
        self.method = method
        self.parameters = parameters
        self.tasks = tasks
        self.options = options
        self.lists = lists
    }
}

package struct OptimizerSpec: Codable, Sendable, Equatable {
    package var name: String
    package var learningRate: Double
    package var weightDecay: Double
    /// Of Adam; `nil`: the usual ones of `constants`.
    package var beta1: Double?
    package var beta2: Double?
    package var epsilon: Double?
    /// `cosine` (to zero), `linear` or `constant`, each after the warm-up.
    package var schedule: String
    package var warmupFraction: Double
    /// Largest norm of the whole gradient; 0 turns clipping off.
    package var clip: Double
    /// Whether a new stage begins with empty moments and its own schedule; `nil`: yes.
    package var restartsEachStage: Bool?

    package init(
        name: String = "adamw", learningRate: Double = 2e-5, weightDecay: Double = 0.01,
        schedule: String = "cosine", warmupFraction: Double = 0.05, clip: Double = 1,
        restartsEachStage: Bool? = nil
    ) {
        self.name = name
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.schedule = schedule
        self.warmupFraction = warmupFraction
        self.clip = clip
        self.restartsEachStage = restartsEachStage
    }

    /// Adam's, those of 1412.6980 where the run names none.
    package var constants: (beta1: Double, beta2: Double, epsilon: Double) {
        (beta1 ?? 0.9, beta2 ?? 0.999, epsilon ?? 1e-8)
    }
}
