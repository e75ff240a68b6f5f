import Testing

@testable import Training

@Suite struct TimeEstimateTests {
    private func seconds(_ estimate: TimeEstimate, training: Int, read: Int, written: Int) -> Double
    {
        estimate.remaining(
            trainingTokens: training, evaluationTokens: .init(read: read, written: written),
            checkpointSeconds: 1e9)
    }

    @Test("What was not measured yet is told from what was: a training step is three passes")
    func guesses() {
        var estimate = TimeEstimate()
        #expect(seconds(estimate, training: 100, read: 100, written: 100) == 0)
        estimate.evaluated(tokens: 100, seconds: 1, isWritten: false)
        // 0.01 s a token that is read, 0.03 s of training or writing.
        #expect(abs(seconds(estimate, training: 100, read: 100, written: 100) - 7) < 1e-9)
        estimate.trained(tokens: 100, seconds: 2)
        #expect(abs(seconds(estimate, training: 100, read: 100, written: 100) - 5) < 1e-9)
    }

    @Test("Slow writing does not make training look slower than it is")
    func writing() {
        var estimate = TimeEstimate()
        estimate.evaluated(tokens: 10, seconds: 5, isWritten: true)
        estimate.evaluated(tokens: 100, seconds: 1, isWritten: false)
        #expect(abs(seconds(estimate, training: 100, read: 0, written: 0) - 3) < 1e-9)
        #expect(abs(seconds(estimate, training: 0, read: 0, written: 10) - 5) < 1e-9)
    }
}
