package import Spec

extension InterferenceReport {
    /// How many times the rows of another task are worth a word.
    private static let imbalanceMax = 5.0

    /// A change to the spec that the findings speak for, and why.
    package struct Suggestion: Sendable, Equatable {
        /// The field of a run, and the method for it.
        package var field: String
        package var method: MethodSpec
        package var reason: String

        /// The run with the change, under a name of its own and without baselines, which it would
        /// train again.
        package func applied(to spec: RunSpec) -> RunSpec {
            var next = spec
            next.name = "\(spec.name.prefix(60))-2"
            next.baselines = nil
            switch field {
            case "retention": next.retention = (spec.retention ?? []) + [method]
            case "aggregation": next.aggregation = method
            case "mixing": next.mixing = method
            default: break
            }
            return next
        }

        /// Whether the run does so already, in this field and with whatever parameters.
        fileprivate func isUsed(by spec: RunSpec) -> Bool {
            switch field {
            case "retention": spec.retention?.contains { $0.method == method.method } ?? false
            case "aggregation": spec.aggregation != nil
            case "mixing": spec.mixing.method == method.method
            default: false
            }
        }
    }

    /// The next run to try: the first idea that the findings speak for, that the run does not use
    /// and that would not be refused; `nil` where there is none.
    package func suggestion(_ spec: RunSpec) -> Suggestion? {
        let ideas = retentionIdeas(spec) + aggregationIdeas + mixingIdeas(spec)
        return ideas.first { idea in
            !idea.isUsed(by: spec)
                && idea.applied(to: spec).contradiction(Multitask.catalogue) == nil
        }
    }

    private func retentionIdeas(_ spec: RunSpec) -> [Suggestion] {
        let worst = forgotten(spec).first { $0.isBeyondNoise && $0.size > Self.forgettingMin }
        // A run that ended early has forgotten nothing after a stage, only within one.
        let fallen =
            ending != nil && (spec.retention ?? []).isEmpty ? warnings.first?.task : nil
        guard let place = worst?.task ?? fallen else { return [] }
        let name = spec.tasks[place].name
        let fell =
            worst == nil
            ? "an early warning says that \(name) fell" : "\(name) was forgotten"
        return [
            (MethodSpec("replay", ["fraction": 0.1]), "nothing of it was replayed"),
            (MethodSpec("ewc"), "the weights that matter to it were not anchored"),
            (MethodSpec("lwf"), "its answers were not held to those of before"),
            (MethodSpec("a_gem"), "no step was kept from raising its loss"),
        ].map { method, reason in
            Suggestion(field: "retention", method: method, reason: "\(fell), and \(reason)")
        }
    }

    private var aggregationIdeas: [Suggestion] {
        guard conflicts.contains(where: \.isSignificant) else { return [] }
        return [
            Suggestion(
                field: "aggregation", method: MethodSpec("upgrad"),
                reason: "gradients oppose each other beyond noise; compare with tuned fixed "
                    + "weights too")
        ]
    }

    private func mixingIdeas(_ spec: RunSpec) -> [Suggestion] {
        let drawn = shares.compactMap { $0 }.filter { $0 > 0 }
        guard let most = drawn.max(), let least = drawn.min(), most > Self.imbalanceMax * least,
            spec.stagePlaces.count == 1, spec.weighting == nil
        else { return [] }
        let reason = "one task gets \(Figure.shown(most / least)) times the rows of another"
        return [MethodSpec("temperature", ["temperature": 2]), MethodSpec("uniform")].map {
            Suggestion(field: "mixing", method: $0, reason: reason)
        }
    }
}
