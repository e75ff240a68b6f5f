package import Spec

extension InterferenceReport {
    /// Tasks or pairs that a sentence names at most.
    private static let namedMax = 6

    /// The findings in a few sentences, each with its numbers.
    package func summary(_ spec: RunSpec) -> String {
        let sentences =
            [scoreSentence(spec)] + warningSentences(spec) + [forgettingSentence(spec)]
            + [transferSentence] + gradientSentences(spec) + [generalSentence]
        let said = sentences.compactMap { $0 }
        return said.isEmpty ? "Nothing was measured yet." : said.joined(separator: " ")
    }

    /// Whether no stage will end any more.
    package var isOver: Bool { stagesEnded == stages || ending != nil }

    /// When the last row of scores was taken.
    package var when: String {
        if stagesEnded == 0 { return "so far" }
        return isOver ? "at the end" : "after \(stagesEnded) of \(stages) stages"
    }

    private func scoreSentence(_ spec: RunSpec) -> String? {
        if hasOneMetric, let matrix, let mean = matrix.averageFinal, mean.isFinite {
            let trained = spec.tasks.indices.filter { matrix.learnt[$0] != nil }
            let metric = trained.first.map { spec.tasks[$0].metric } ?? ""
            let tested = trained.compactMap { place in
                final[place].flatMap { $0.split == "test" ? $0.value : nil }
            }
            let onTest =
                tested.count == trained.count
                ? Self.mean(tested).map { ", and \(Figure.shown($0)) on test rows" } : nil
            return trained.count == 1
                ? "The \(metric) of \(spec.tasks[trained[0]].name) is \(Figure.shown(mean)) "
                    + "\(when)\(onTest ?? "")."
                : "The mean \(metric) of the \(trained.count) tasks trained (ACC) is "
                    + "\(Figure.shown(mean)) \(when)\(onTest ?? "")."
        }
        let scores = zip(spec.tasks, final).compactMap { task, score in
            score.map { "\(task.name) \(task.metric) \(Figure.shown($0.value))" }
        }
        guard !scores.isEmpty else { return nil }
        return "Scores \(when): \(Self.listed(scores, ", "))."
    }

    private func warningSentences(_ spec: RunSpec) -> [String?] {
        guard !warnings.isEmpty else { return [] }
        let falls = warnings.map { warning in
            let task = spec.tasks[warning.task]
            let amount =
                task.judgedBy.isShare
                ? Figure.shown(warning.fall) : "\(Figure.shown(100 * warning.fall)) %"
            return "\(task.name) fell \(amount) below its best (step \(warning.step))"
        }
        let warned = "Early warning: \(Self.listed(falls, ", "))."
        guard let ending else { return [warned] }
        var end = "Training ended in stage \(ending.stage) of \(stages), as its policy asks"
        if let step = ending.restored { end += ", and the model of step \(step) was put back" }
        let names = ending.neverTrained.map { spec.tasks[$0].name }
        if !names.isEmpty {
            end += ", so that \(Self.listed(names, " and ")) \(names.count == 1 ? "was" : "were") "
            end += "never trained"
        }
        return [warned, end + "."]
    }

    private func forgettingSentence(_ spec: RunSpec) -> String? {
        let all = forgotten(spec)
        guard let worst = all.first(where: \.isBeyondNoise) ?? all.first else { return nil }
        let task = spec.tasks[worst.task]
        let bound = worst.noise.flatMap { noise in
            validationRows[worst.task].map {
                "chance on \($0) rows explains up to \(Figure.shown(noise))"
            }
        }
        guard worst.isBeyondNoise else {
            if let bound, worst.amount > 0 {
                return "No task lost more than noise after its stage: \(task.name) stands "
                    + "\(Figure.shown(worst.amount)) below its best, and \(bound)."
            }
            return all.allSatisfy { $0.noise != nil }
                ? "No task lost more than noise after its stage."
                : "No task lost more than 0.02 of a share, or 2 %, after its stage."
        }
        let amount = "its \(task.metric) fell \(Figure.shown(worst.amount)) short of its best"
        return "\(task.name) was forgotten most: \(amount) \(isOver ? "by the end" : when)"
            + (bound.map { " (\($0))." } ?? ".")
    }

    private var transferSentence: String? {
        guard hasOneMetric, let transfer = matrix?.backwardTransfer else { return nil }
        return "Backward transfer is \(Figure.shown(transfer))."
    }

    private func gradientSentences(_ spec: RunSpec) -> [String?] {
        let opposed = conflicts.filter(\.isSignificant).sorted { $0.cosine < $1.cosine }
        let sentences = opposed.prefix(3).map { pair in
            let share = pair.shareOfSteps.map {
                ", in conflict in \(Int((100 * $0).rounded())) % of the measured steps"
            }
            return "The gradients of \(spec.tasks[pair.a].name) and \(spec.tasks[pair.b].name) "
                + "oppose each other: mean cosine \(Figure.shown(pair.cosine)) ± "
                + "\(Figure.shown(pair.cosineMargin))\(share ?? "")."
        }
        let unknown = conflicts.filter { !$0.isTestable }
        let tooFew = untested(unknown, spec)
        guard opposed.isEmpty else { return sentences + [tooFew] }
        if unknown.count < conflicts.count {
            let tested = unknown.isEmpty ? "" : " of those measured often enough"
            return ["No two tasks' gradients\(tested) oppose each other beyond noise.", tooFew]
        }
        return [tooFew]
    }

    private func untested(_ pairs: [Conflict], _ spec: RunSpec) -> String? {
        guard !pairs.isEmpty else { return nil }
        let names = pairs.map {
            "\(spec.tasks[$0.a].name) and \(spec.tasks[$0.b].name) (\($0.measurements))"
        }
        return "Too few measurements to tell whether gradients oppose each other: "
            + "\(Self.listed(names, ", "))."
    }

    private var generalSentence: String? {
        guard let before = generalText.first, let after = generalText.last,
            after.step > before.step
        else { return nil }
        return "On plain text that no task is about, the model's perplexity went from "
            + "\(Figure.shown(before.perplexity)) to \(Figure.shown(after.perplexity))."
    }

    private static func listed(_ items: [String], _ separator: String) -> String {
        let more = items.count - namedMax
        return items.prefix(namedMax).joined(separator: separator)
            + (more > 0 ? " and \(more) more" : "")
    }
}
