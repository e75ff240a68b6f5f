import Testing

@testable import Multitask

@Suite struct ClassBalancedReservoirTests {
    @Test("An imbalanced stream leaves classes as even as it allows, in any order")
    func balance() {
        // 10 : 1 : 0.02, the rare class with fewer rows than its share.
        var labels = (0..<1_122).map { Int32($0 < 1_020 ? 0 : $0 < 1_120 ? 1 : 2) }
        for seed in UInt64(1)...20 {
            var generator = SeededGenerator(seed)
            generator.shuffle(&labels)
            let kept = ClassBalancedReservoir.kept(labels: labels, capacity: 30, seed: seed)
            #expect(Set(kept).count == 30)
            let counts = [0, 1, 2].map { label in kept.count { labels[$0] == Int32(label) } }
            #expect(counts[2] == 2)
            #expect(abs(counts[0] - counts[1]) <= 1, "\(counts)")
        }
    }

    /// 2,000 samples of 10 from 100 rows of one class: then it is a plain reservoir. χ² as in
    /// `ReservoirTests`.
    @Test("Within a class every row is kept with the same probability")
    func uniform() {
        var counts = [Int](repeating: 0, count: 100)
        let labels = [Int32](repeating: 7, count: 100)
        for seed in UInt64(0)..<2_000 {
            for item in ClassBalancedReservoir.kept(labels: labels, capacity: 10, seed: seed) {
                counts[item] += 1
            }
        }
        let statistic = counts.reduce(0.0) { sum, count in
            let away = Double(count) - 200
            return sum + away * away / (200 * 0.9)
        }
        #expect(statistic > 60 && statistic < 148.2)
    }

    @Test("While there is room all is kept")
    func room() {
        #expect(ClassBalancedReservoir.kept(labels: [1, 2, 1], capacity: 5, seed: 1) == [0, 1, 2])
        #expect(ClassBalancedReservoir.kept(labels: [], capacity: 5, seed: 1).isEmpty)
    }
}
