import Testing

@testable import Multitask

@Suite struct ReservoirTests {
    /// 2,000 reservoirs of 10 over streams of 100: each item is kept with p = 0.1. χ² over the items'
    /// counts (their expectation 200, their variance 200·0.9) has 99 degrees of freedom: its 99.9 %
    /// quantile is 148.2. A deque of the last 10 or an always-overwriting buffer misses by thousands.
    @Test("Every item of a stream is kept with the same probability")
    func uniform() {
        var counts = [Int](repeating: 0, count: 100)
        for seed in UInt64(0)..<2_000 {
            let kept = Reservoir.kept(of: 100, capacity: 10, seed: seed)
            #expect(Set(kept).count == 10)
            for item in kept { counts[item] += 1 }
        }
        let statistic = counts.reduce(0.0) { sum, count in
            let away = Double(count) - 200
            return sum + away * away / (200 * 0.9)
        }
        #expect(statistic < 148.2)
        // Not suspiciously even either: the 0.1 % quantile.
        #expect(statistic > 60)
    }

    @Test("While there is room all is kept, in order; no room keeps nothing")
    func room() {
        #expect(Reservoir.kept(of: 3, capacity: 5, seed: 1) == [0, 1, 2])
        #expect(Reservoir.kept(of: 5, capacity: 5, seed: 1) == [0, 1, 2, 3, 4])
        #expect(Reservoir.kept(of: 5, capacity: 0, seed: 1).isEmpty)
    }

    @Test("A reservoir goes on from the number of items that it has seen")
    func resume() {
        var straight = Reservoir(capacity: 4, seed: 9)
        let slots = (0..<50).map { _ in straight.offer() }
        var second = Reservoir(capacity: 4, seed: 9, seen: 20)
        #expect((20..<50).map { _ in second.offer() } == Array(slots[20...]))
        #expect(second == straight)
    }
}
