/// Tokens of held-out rows: of those that are read, and of those whose answers are written, which
/// takes a pass for each token of an answer.
struct EvaluationTokens: Equatable {
    var read = 0
    var written = 0

    mutating func add(_ tokens: Int, isWritten: Bool) {
        if isWritten { written += tokens } else { read += tokens }
    }

    static func * (times: Int, tokens: EvaluationTokens) -> EvaluationTokens {
        EvaluationTokens(read: times * tokens.read, written: times * tokens.written)
    }

    static func + (a: EvaluationTokens, b: EvaluationTokens) -> EvaluationTokens {
        EvaluationTokens(read: a.read + b.read, written: a.written + b.written)
    }

    static func - (a: EvaluationTokens, b: EvaluationTokens) -> EvaluationTokens { a + -1 * b }
}

/// How long the rest of a run takes, out of what was measured in this process.
struct TimeEstimate {
    /// A training step is about three forward passes, and so is writing: used until all were
    /// measured.
    private static let trainingPerForward = 3.0

    private var trained = (tokens: 0, seconds: 0.0)
    private var read = (tokens: 0, seconds: 0.0)
    private var wrote = (tokens: 0, seconds: 0.0)
    private var checkpoints = (count: 0, seconds: 0.0)

    mutating func trained(tokens: Int, seconds: Double) {
        trained.tokens += tokens
        trained.seconds += seconds
    }

    mutating func evaluated(tokens: Int, seconds: Double, isWritten: Bool) {
        if isWritten {
            wrote.tokens += tokens
            wrote.seconds += seconds
        } else {
            read.tokens += tokens
            read.seconds += seconds
        }
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
        trainingTokens: Int, evaluationTokens: EvaluationTokens, checkpointSeconds: Double
    ) -> Double {
        let training =
            perToken(trained) ?? perToken(read).map { $0 * Self.trainingPerForward }
            ?? perToken(wrote) ?? 0
        let reading = perToken(read) ?? training / Self.trainingPerForward
        let work = Double(trainingTokens) * training
        let saving = (secondsPerCheckpoint ?? 0) * (work / max(1, checkpointSeconds))
        return work + Double(evaluationTokens.read) * reading
            + Double(evaluationTokens.written) * (perToken(wrote) ?? training) + saving
    }

    private func perToken(_ measured: (tokens: Int, seconds: Double)) -> Double? {
        measured.tokens > 0 ? measured.seconds / Double(measured.tokens) : nil
    }
}
