// Which methods make no sense together. Rules speak of what methods are (their descriptors),
// never of their names.

extension RunSpec {
    /// Why a run's methods cannot be combined.
    package struct Contradiction: Sendable, Equatable {
        /// The field of the request at fault.
        package var parameter: String
        /// What it must be, and why.
        package var rule: String
    }

    /// The first combination that makes no sense; `nil` where all do. Methods that the catalogue
    /// lacks are somebody else's error.
    package func contradiction(_ catalogue: [MethodDescriptor]) -> Contradiction? {
        func descriptor(
            _ family: MethodDescriptor.Family, _ spec: MethodSpec?
        ) -> MethodDescriptor? {
            catalogue.first { $0.family == family && $0.name == spec?.method }
        }
        let aggregation = descriptor(.aggregation, aggregation)
        if let aggregation, aggregation.ignoresLossScale, let weighting {
            return Contradiction(
                parameter: "weighting",
                rule:
                    "must be left out with the aggregation `\(aggregation.name)`, whose direction "
                    + "does not depend on loss weights, found `\(weighting.method)`")
        }
        return nil
    }
}
