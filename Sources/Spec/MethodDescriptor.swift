// The catalogue entry of a method: all that the API needs to know to list and validate it.

/// A method as users discover it: name, source, parameters with ranges and defaults.
package struct MethodDescriptor: Sendable, Equatable {
    package enum Family: String, Sendable, CaseIterable {
        case mixing, weighting, aggregation
    }

    package struct Parameter: Sendable, Equatable {
        package var name: String
        package var range: ClosedRange<Double>
        package var `default`: Double
        package var summary: String

        package init(
            _ name: String, in range: ClosedRange<Double>, default: Double, _ summary: String
        ) {
            self.name = name
            self.range = range
            self.default = `default`
            self.summary = summary
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

    package init(
        family: Family, name: String, paper: String = "", equation: String, summary: String,
        parameters: [Parameter] = [], takesTaskValues: Bool = false,
        tasksMin: Int = 1, ignoresLossScale: Bool = false
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
    }
}
