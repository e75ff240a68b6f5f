import Spec

extension TrainingSession {
    enum Split: String {
        case validation
        case test
    }

    /// Scores every task on its held-out rows and reports the metrics at the present step.
    func evaluate(_ split: Split) throws {
        phase = split == .test ? "testing" : "evaluating"
        evaluationDone = EvaluationTokens()
        // Validation belongs to the epoch that is ending, a test comes after the last one's end.
        let isEnding = split == .validation && position.step > 0
        let epoch = min(epochsBefore + (isEnding ? 1 : 0), spec.epochs * stages.count)
        var own: [Double] = []
        for task in data {
            let examples = split == .test ? task.test : task.validation
            guard !examples.isEmpty else { continue }
            let (before, isWritten) = (evaluationDone, task.isWritten)
            var clock = Stopwatch()
            var (seen, seconds) = (0, 0.0)
            let score = try evaluator.score(examples, of: task) { done in
                seconds += clock.seconds
                if done > seen {
                    estimate.evaluated(
                        tokens: done - seen, seconds: seconds, isWritten: isWritten)
                    seconds = 0
                }
                evaluationDone = before
                evaluationDone.add(done, isWritten: isWritten)
                seen = done
                report(now: false)
                try poll()
                clock.reset()
            }
            let tokens = Self.tokens(examples)
            estimate.evaluated(
                tokens: tokens - seen, seconds: seconds + clock.seconds, isWritten: isWritten)
            evaluationDone = before
            evaluationDone.add(tokens, isWritten: isWritten)
            own.append(score.metrics.first { $0.name == task.spec.metric }?.value ?? score.loss)
            for metric in score.metrics {
                buffer.add(
                    MetricPoint(
                        task: task.spec.name, name: metric.name, split: split.rawValue,
                        epoch: epoch, step: position.step, value: metric.value))
            }
        }
        evaluationDone = EvaluationTokens()
        if split == .validation { latestScores = own }
        report(now: true)
    }

    static func tokens(_ examples: [Example]) -> Int {
        examples.reduce(0) { $0 + $1.length }
    }
}
