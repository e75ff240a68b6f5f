// The catalogue entry of a method: all that the API needs to know to list and validate it.

/// A method as users discover it: name, source, parameters with ranges and defaults.
package struct MethodDescriptor: Sendable, Equatable {
    package enum Family: String, Sendable, CaseIterable {
        case mixing, curriculum, weighting, aggregation, retention, adaptation
    }

    /// Which tasks train the same parameters, their heads aside.
    package enum Sharing: Sendable {
        case all
        /// All: each stage trains an addition of its own to what earlier stages trained, which is
        /// frozen.
        case additions
        /// Those of one stage; what earlier stages trained is frozen.
        case stage
        /// None: nothing can interfere, and nothing is forgotten.
        case none
    }

    /// What an adaptation leaves of a model, for runs that start from it.
    package enum Outcome: Sendable {
        /// One set of weights.
        case weights
        /// An adapter beside the weights, for all tasks of the run.
        case sharedAdapter
        case taskAdapters
        /// A network for each stage.
        case networks
        /// What was there before.
        case unchanged
    }

    /// What a retention method brings of earlier tasks into a step.
    package enum EarlierRows: Sendable {
        /// Nothing that is trained on.
        case none
        /// Rows with a weight of their own: gradients to aggregate, but no losses to weigh.
        case weighed
        /// Rows of their task in every respect.
        case full
    }

    package struct Parameter: Sendable, Equatable {
        package var name: String
        package var range: ClosedRange<Double>
        package var `default`: Double
        package var summary: String
        /// The words that it takes instead of a number, the default first; empty for a number.
        package var choices: [String]
        /// It takes a list of names instead, by default an empty one.
        package var takesNames = false
        package var isWhole = false

        package init(
            _ name: String, in range: ClosedRange<Double>, default: Double, _ summary: String
        ) {
            self.name = name
            self.range = range
            self.default = `default`
            self.summary = summary
            choices = []
        }

        /// A parameter that is a whole number.
        package init(
            whole name: String, in range: ClosedRange<Int>, default: Int, _ summary: String
        ) {
            self.init(
                name, in: Double(range.lowerBound)...Double(range.upperBound),
                default: Double(`default`), summary)
            isWhole = true
        }

        /// A parameter that is one of some words; the first is the default.
        package init(_ name: String, choices: [String], _ summary: String) {
            self.init(name, in: 0...0, default: 0, summary)
            self.choices = choices
        }

        /// A parameter that is true or false.
        package init(flag name: String, default: Bool, _ summary: String) {
            self.init(name, choices: `default` ? ["true", "false"] : ["false", "true"], summary)
        }

        /// Whether its words are true and false.
        package var isFlag: Bool { Set(choices) == ["true", "false"] }

        /// A parameter that is a list of names.
        package init(names name: String, _ summary: String) {
            self.init(name, in: 0...0, default: 0, summary)
            takesNames = true
        }

        /// Of a whole number.
        package var wholeRange: ClosedRange<Int> { Int(range.lowerBound)...Int(range.upperBound) }

        /// Whether it is a number.
        package var isNumber: Bool { choices.isEmpty && !takesNames }
    }

    package var family: Family
    package var name: String
    /// arXiv id or citation; empty when there is none.
    package var paper: String
    package var equation: String
    package var summary: String
    package var parameters: [Parameter]
    /// The method takes (and needs) one value per task, by task name.
    package var takesTaskValues: Bool
    /// Fewest tasks with which the method means anything.
    package var tasksMin: Int
    /// Fewest epochs with which it does anything: of a weighting those of a task over all stages, of a
    /// mixing those of a stage.
    package var epochsMin: Int
    /// Loss weights cannot change the direction that the method chooses.
    package var ignoresLossScale: Bool
    /// The kinds whose outputs the method knows: of tasks of earlier stages, of which it keeps
    /// something; empty: any kind.
    package var outputKinds: [TaskKind]
    package var earlierRows: EarlierRows
    /// Draws of `rate` rows of earlier tasks for each new row that pass through the model in a step.
    package var earlierDraws: Int
    /// Its terms lie on the rows of the tasks that a stage trains, and are part of their gradients.
    package var addsTerms: Bool
    /// It has a weight or a rate that can be raised while a run goes on.
    package var canStrengthen: Bool
    /// The method keeps what the model knew before the run: one stage is enough.
    package var keepsBase: Bool
    /// It learns from a stage's steps what to keep of it, not from the model at its end.
    package var learnsFromSteps: Bool
    /// It holds the parameters that earlier stages trained, or merges them with what they were.
    package var holdsParameters: Bool
    /// Each stage is trained from the weights that the run starts from.
    package var startsStagesAnew: Bool
    /// What the method needs and a run has once; `nil` where there is no such thing.
    package var means: String?
    /// It compares the gradients of tasks at parameters that they share.
    package var comparesGradients: Bool
    /// Of an adaptation.
    package var sharing: Sharing
    /// Of an adaptation.
    package var outcome: Outcome
    /// Of an adaptation: the learning rate of a run that names none; `nil`: the optimiser's own.
    package var learningRate: Double?
    /// Of a curriculum: rows are ranked by the loss of their next tokens.
    package var ranksByDifficulty: Bool

    package init(
        family: Family, name: String, paper: String = "", equation: String, summary: String,
        parameters: [Parameter] = [], takesTaskValues: Bool = false,
        tasksMin: Int = 1, epochsMin: Int = 1, ignoresLossScale: Bool = false,
        outputKinds: [TaskKind] = [], earlierRows: EarlierRows = .none, earlierDraws: Int = 0,
        addsTerms: Bool = false, canStrengthen: Bool = true, keepsBase: Bool = false,
        learnsFromSteps: Bool = false, holdsParameters: Bool = false,
        startsStagesAnew: Bool = false, means: String? = nil, comparesGradients: Bool = false,
        sharing: Sharing = .all, outcome: Outcome = .weights, learningRate: Double? = nil,
        ranksByDifficulty: Bool = false
    ) {
        self.family = family
        self.name = name
        self.paper = paper
        self.equation = equation
        self.summary = summary
        self.parameters = parameters
        self.takesTaskValues = takesTaskValues
        self.tasksMin = tasksMin
        self.epochsMin = epochsMin
        self.ignoresLossScale = ignoresLossScale
        self.outputKinds = outputKinds
        self.earlierRows = earlierRows
        self.earlierDraws = earlierDraws
        self.addsTerms = addsTerms
        self.canStrengthen = canStrengthen
        self.keepsBase = keepsBase
        self.learnsFromSteps = learnsFromSteps
        self.holdsParameters = holdsParameters
        self.startsStagesAnew = startsStagesAnew
        self.means = means
        self.comparesGradients = comparesGradients
        self.sharing = sharing
        self.outcome = outcome
        self.learningRate = learningRate
        self.ranksByDifficulty = ranksByDifficulty
    }
}

extension [MethodDescriptor] {
    /// The entry of a method that was chosen; `nil` where none was, or none of that name is known.
    package func entry(
        _ family: MethodDescriptor.Family, _ chosen: MethodSpec?
    ) -> MethodDescriptor? {
        first { $0.family == family && $0.name == chosen?.method }
    }
}
