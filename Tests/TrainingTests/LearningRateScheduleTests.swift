import NN
import Testing

@Suite struct LearningRateScheduleTests {
    private func rates(_ shape: LearningRateSchedule.Shape, warmup: Double) -> [Double] {
        let schedule = LearningRateSchedule(
            shape: shape, peak: 1, warmupFraction: warmup, steps: 10)
        return (0..<10).map { schedule.rate(step: $0) }
    }

    @Test("The warm-up rises linearly to the peak")
    func warmup() {
        #expect(rates(.constant, warmup: 0.3) == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1])
    }

    @Test("Linear and cosine start at the peak, halve in the middle and end above zero")
    func decay() {
        let linear = rates(.linear, warmup: 0)
        #expect(linear[0] == 1 && abs(linear[5] - 0.5) < 1e-12 && abs(linear[9] - 0.1) < 1e-12)
        let cosine = rates(.cosine, warmup: 0)
        #expect(cosine[0] == 1 && abs(cosine[5] - 0.5) < 1e-12)
        #expect(cosine[9] > 0 && cosine[9] < linear[9])
        #expect(
            LearningRateSchedule(shape: .cosine, peak: 1, warmupFraction: 0, steps: 10)
                .rate(step: 10) == 0)
    }
}
