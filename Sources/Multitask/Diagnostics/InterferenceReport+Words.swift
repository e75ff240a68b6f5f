package import Spec

extension InterferenceReport {
    /// Forgetting that is worth a remedy: points of a share, or relative for a loss.
    private static let forgettingMin = 0.02
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
    }

    /// The findings in a few sentences, each with its numbers.
    package func summary(_ spec: RunSpec) -> String {
        var sentences: [String] = []
        if let worst = worstForgotten(spec) {
            sentences.append(
                "\(spec.tasks[worst.task].name) was forgotten most: its "
                    + "\(spec.tasks[worst.task].metric) fell \(Figure.shown(worst.amount)) short of its "
                    + "best by the end.")
        } else if let matrix, matrix.rows.count > 1 {
            sentences.append("No task lost more than noise after its stage.")
        }
        if let transfer = matrix?.backwardTransfer, hasOneMetric {
            sentences.append("Backward transfer is \(Figure.shown(transfer)).")
        }
        let opposed = conflicts.filter(\.isSignificant).sorted { $0.cosine < $1.cosine }
        for conflict in opposed.prefix(3) {
            let (a, b) = (spec.tasks[conflict.a].name, spec.tasks[conflict.b].name)
            sentences.append(
                "The gradients of \(a) and \(b) oppose each other: mean cosine "
                    + "\(Figure.shown(conflict.cosine)) ± \(Figure.shown(conflict.cosineMargin)), in "
                    + "conflict in \(Self.percent(conflict.shareOfSteps)) of the measured steps.")
        }
        if opposed.isEmpty, !conflicts.isEmpty {
            sentences.append("No two tasks' gradients oppose each other beyond noise.")
        }
        if let before = generalText.first, let after = generalText.last, after.step > before.step {
            sentences.append(
                "On plain text that no task is about, the model's perplexity went from "
                    + "\(Figure.shown(before.perplexity)) to \(Figure.shown(after.perplexity)).")
        }
        return sentences.isEmpty ? "Nothing was measured yet." : sentences.joined(separator: " ")
    }

    /// The next run to try; `nil` where the findings speak for none.
    package func suggestion(_ spec: RunSpec) -> Suggestion? {
        let kept = (spec.retention ?? []).map(\.method)
        if let worst = worstForgotten(spec) {
            let name = spec.tasks[worst.task].name
            if !kept.contains("replay"), !kept.contains("der_pp") {
                return Suggestion(
                    field: "retention", method: MethodSpec("replay", ["fraction": 0.1]),
                    reason: "\(name) was forgotten, and nothing of it was replayed")
            }
            if !kept.contains(where: { $0.hasSuffix("ewc") }) {
                return Suggestion(
                    field: "retention", method: MethodSpec("ewc"),
                    reason: "\(name) was forgotten in spite of replay; anchoring may add to it")
            }
        }
        if conflicts.contains(where: \.isSignificant), spec.aggregation == nil,
            spec.trainedStagePlaces.contains(where: { $0.count > 1 })
        {
            return Suggestion(
                field: "aggregation", method: MethodSpec("upgrad"),
                reason: "gradients oppose each other beyond noise; compare with tuned fixed "
                    + "weights too")
        }
        let drawn = shares.compactMap { $0 }.filter { $0 > 0 }
        if let most = drawn.max(), let least = drawn.min(), most > Self.imbalanceMax * least,
            spec.stagePlaces.count == 1, spec.weighting == nil
        {
            return Suggestion(
                field: "mixing", method: MethodSpec("temperature", ["temperature": 2]),
                reason: "one task gets \(Figure.shown(most / least)) times the rows of another")
        }
        return nil
    }

    /// The task that lost most of its best score, where that is worth a word.
    private func worstForgotten(_ spec: RunSpec) -> (task: Int, amount: Double)? {
        guard let matrix, let last = matrix.rows.last else { return nil }
        var worst: (task: Int, amount: Double)?
        var worstSize = Self.forgettingMin
        for (task, amount) in matrix.forgetting.enumerated() {
            guard let amount else { continue }
            let size = matrix.largerIsBetter[task] ? amount : amount / max(abs(last[task]), 1e-9)
            guard size > worstSize else { continue }
            (worst, worstSize) = ((task, amount), size)
        }
        return worst
    }

    private static func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
}
