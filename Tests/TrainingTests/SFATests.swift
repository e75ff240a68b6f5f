import Spec
import Testing

@testable import Multitask
@testable import Training

@Suite(.serialized) struct SFATests {
    /// The first task's validation loss by epoch: before training, its own stage, the other's.
    private func losses(_ retention: [MethodSpec]?) throws -> [Double] {
        let recorder = Recorder()
        _ = try TinyRun().finish(
            TinyRun.sequence(retention, learningRate: 1e-2, epochs: 2), recorder)
        return recorder.values("mood", "loss", "validation")
    }

    @Test("Merging leaves the new model, the old one, or one that forgets less than the new")
    func share() throws {
        let naive = try losses(nil)
        #expect(naive.count == 5)
        #expect(try losses([MethodSpec("sfa", ["beta": 0])]) == naive)
        let old = try losses([MethodSpec("sfa", ["beta": 1])])
        #expect(old.last == naive[2])
        let half = try losses([MethodSpec("sfa")])
        // The first stage has nothing to be merged with.
        #expect(half.prefix(3) == naive.prefix(3))
        // A merge is another model than the old one, and forgets less than the new one.
        #expect(half[4] != naive[2] && half[4] < naive[4])
    }

    @Test("Weights are merged after each share of the steps and at the end of the stage")
    func due() {
        func steps(_ period: Double, of count: Int) -> [Int] {
            let need = RetentionNeeds.Merging(share: 0.5, period: period)
            return (1...count).filter { need.isDue(after: $0, of: count) }
        }
        #expect(steps(0.25, of: 16) == [4, 8, 12, 16])
        #expect(steps(0.3, of: 10) == [4, 7, 10])
        // Never two merges a step apart because a stage does not divide evenly.
        #expect(steps(0.25, of: 17) == [5, 9, 13, 17])
        #expect(steps(0.25, of: 101) == [26, 51, 76, 101])
        #expect(steps(1, of: 7) == [7])
        #expect(steps(0.001, of: 3) == [1, 2, 3])
    }
}
