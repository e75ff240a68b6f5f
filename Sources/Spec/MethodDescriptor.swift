// The catalogue entry of a method: all that the API needs to know to list and validate it.

/// A method as users discover it: name, source, parameters with ranges and defaults.
package struct MethodDescriptor: Sendable, Equatable {
    package enum Family: String, Sendable, CaseIterable {
        case mixing, curriculum, weighting, aggregation, retention
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

        package init(
            _ name: String, in range: ClosedRange<Double>, default: Double, _ summary: String
        ) {
            self.name = name
            self.range = range
            self.default = `default`
            self.summary = summary
            choices = []
        }

        /// A parameter that is one of some words; the first is the default.
        package init(_ name: String, choices: [String], _ summary: String) {
            self.init(name, in: 0...0, default: 0, summary)
            self.choices = choices
        }
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
    /// Loss weights cannot change the direction that the method chooses.
    package var ignoresLossScale: Bool
    /// The method keeps outputs, which must be classes or tokens, of tasks of earlier stages.
    package var keepsOutputs: Bool
    package var earlierRows: EarlierRows
    /// What two methods with the same means would do twice; `nil` where there is no such thing.
    package var means: String?

    package init(
        family: Family, name: String, paper: String = "", equation: String, summary: String,
        parameters: [Parameter] = [], takesTaskValues: Bool = false,
        tasksMin: Int = 1, ignoresLossScale: Bool = false, keepsOutputs: Bool = false,
        earlierRows: EarlierRows = .none, means: String? = nil
    ) {
        self.family = family
        self.name = name
        self.paper = paper
        self.equation = equation
        self.summary = summary
        self.parameters = parameters
        self.takesTaskValues = takesTaskValues
        self.tasksMin = tasksMin
        self.ignoresLossScale = ignoresLossScale
        self.keepsOutputs = keepsOutputs
        self.earlierRows = earlierRows
        self.means = means
    }
}
