/// How long the rest of a run takes, out of what was measured in this process.
struct TimeEstimate {
    /// A training step is about three forward passes; used until both were measured.
    private static let trainingPerForward = 3.0

    private var trained = (tokens: 0, seconds: 0.0)
    private var evaluated = (tokens: 0, seconds: 0.0)
    private var checkpoints = (count: 0, seconds: 0.0)

    mutating func trained(tokens: Int, seconds: Double) {
        trained.tokens += tokens
        trained.seconds += seconds
    }

    mutating func evaluated(tokens: Int, seconds: Double) {
        evaluated.tokens += tokens
        evaluated.seconds += seconds
    }

    mutating func wroteCheckpoint(seconds: Double) {
        checkpoints.count += 1
        checkpoints.seconds += seconds
    }

    /// Training alone; 0 before the first step.
    var tokensPerSecond: Double {
        trained.seconds > 0 ? Double(trained.tokens) / trained.seconds : 0
    }

    var secondsPerCheckpoint: Double? {
        checkpoints.count > 0 ? checkpoints.seconds / Double(checkpoints.count) : nil
    }

    /// 0 while nothing was measured.
    func remaining(
        trainingTokens: Int, evaluationTokens: Int, checkpointSeconds: Double
    ) -> Double {
        var training = perToken(trained)
        var evaluation = perToken(evaluated)
        training = training ?? evaluation.map { $0 * Self.trainingPerForward }
        evaluation = evaluation ?? training.map { $0 / Self.trainingPerForward }
        let work = Double(trainingTokens) * (training ?? 0)
        let writing = (secondsPerCheckpoint ?? 0) * (work / max(1, checkpointSeconds))
        return work + Double(evaluationTokens) * (evaluation ?? 0) + writing
    }

    private func perToken(_ measured: (tokens: Int, seconds: Double)) -> Double? {
        measured.tokens > 0 ? measured.seconds / Double(measured.tokens) : nil
    }
}
