import Multitask
import Spec
import Testing

@testable import Training

private func plan(
    rows: [Int], shares: [Double], epochs: Int = 1, batchTokens: Int = 8, length: Int = 1,
    seed: UInt64 = 7
) -> RunPlan {
    RunPlan(
        lengths: rows.map { Array(repeating: length, count: $0) },
        shares: Array(repeating: shares, count: epochs),
        batchTokens: batchTokens, seed: seed)
}

@Suite struct RunPlanTests {
    @Test("A proportional epoch draws every row exactly once, in another order each epoch")
    func everyRowOnce() {
        let plan = plan(rows: [90, 10], shares: [0.9, 0.1], epochs: 2)
        for epoch in 0..<2 {
            let drawn = plan.epoch(epoch).flatMap { $0 }
            #expect(Set(drawn.map { $0.task * 1000 + $0.row }).count == 100)
        }
        #expect(plan.epoch(0) != plan.epoch(1))
    }

    /// The interval is the binomial 99.9 % one of fair draws, p ± 3.29·√(p(1−p)/n): drawing
    /// without replacement can only be tighter, and 10 % lies 25 deviations outside.
    @Test("Inverse-frequency shares turn 90/10 into 50/50, over an epoch and early in it")
    func evenShares() {
        let plan = plan(rows: [900, 100], shares: [0.5, 0.5])
        let drawn = plan.epoch(0).flatMap { $0 }
        #expect(drawn.count == 1000)
        for count in [200, 1000] {
            let share = Double(drawn.prefix(count).count { $0.task == 1 }) / Double(count)
            #expect(abs(share - 0.5) < 3.29 * (0.25 / Double(count)).squareRoot())
        }
        var visits = Array(repeating: 0, count: 100)
        for draw in drawn where draw.task == 1 { visits[draw.row] += 1 }
        #expect(visits.allSatisfy { $0 == 5 })
    }

    @Test("A pass over a task's rows goes on across epochs")
    func passesGoOn() {
        let plan = plan(rows: [30, 10], shares: [0.5, 0.5], epochs: 3)
        var seen: [Int] = []
        for epoch in 0..<3 {
            seen += plan.epoch(epoch).joined().filter { $0.task == 0 }.map(\.row)
        }
        #expect(seen.count == 60)
        #expect(Set(seen.prefix(30)).count == 30)
        #expect(Set(seen.suffix(30)).count == 30)
    }

    @Test("Shares may change from epoch to epoch, and a pass still goes on")
    func changingShares() {
        let plan = RunPlan(
            lengths: [[Int](repeating: 1, count: 6), [Int](repeating: 1, count: 6)],
            shares: [[0.75, 0.25], [0.25, 0.75]], batchTokens: 4, seed: 7)
        #expect(plan.draws == [[9, 3], [3, 9]])
        let rows = (0..<2).flatMap { plan.epoch($0).joined() }.filter { $0.task == 0 }
        #expect(rows.prefix(6).map(\.row).sorted() == Array(0..<6))
        #expect(rows.suffix(6).map(\.row).sorted() == Array(0..<6))
        #expect(rows.map(\.pass) == Array(repeating: 0, count: 6) + Array(repeating: 1, count: 6))
    }

    @Test("The plan is a function of the seed and the epoch")
    func deterministic() {
        func make(_ seed: UInt64) -> RunPlan {
            plan(rows: [50, 20], shares: [0.6, 0.4], epochs: 3, seed: seed)
        }
        #expect(make(3).epoch(2) == make(3).epoch(2))
        #expect(make(3).epoch(2) != make(4).epoch(2))
    }

    @Test("Steps are filled up to their tokens, and a longer row gets a step of its own")
    func filling() {
        let plan = RunPlan(
            lengths: [[3, 3, 3, 3, 20, 3]], shares: [[1]], batchTokens: 9, seed: 1)
        let steps = plan.epoch(0)
        let lengths = [3, 3, 3, 3, 20, 3]
        for step in steps {
            let tokens = step.reduce(0) { $0 + lengths[$1.row] }
            #expect(tokens <= 9 || step.count == 1)
        }
        #expect(plan.stepsByEpoch == [steps.count])
        #expect(plan.tokensByEpoch == [35])
    }

    @Test("Steps hold at most the rows that they may")
    func rowsOfAStep() {
        let plan = RunPlan(
            lengths: [Array(repeating: 3, count: 7)], shares: [[1]], batchTokens: 9,
            batchRows: 2, seed: 1)
        #expect(plan.epoch(0).map(\.count) == [2, 2, 2, 1])
        #expect(plan.stepsByEpoch == [4])
    }

    private func paced(_ name: String) throws -> RunPlan {
        let curriculum = Curriculum(
            try Multitask.curriculum(
                MethodSpec(name, ["initial": 0.1, "duration": 0.5]), tasks: ["a"]),
            // Row r is the r-th hardest from the end: row 99 is the easiest.
            difficulties: [(0..<100).map { Double(100 - $0) }], seed: 5)
        return RunPlan(
            lengths: [[Int](repeating: 1, count: 100)], shares: Array(repeating: [1], count: 4),
            batchTokens: 8,
            seed: 7, curriculum: curriculum)
    }

    /// c(t) = √(t·0.99/0.5 + 0.01): at a quarter of the run, an epoch of four, √0.505 = 0.71.
    @Test("A curriculum opens the ranking from its easy end as competence grows")
    func curriculum() throws {
        let plan = try paced("competence")
        let first = plan.epoch(0).joined().map(\.row)
        #expect(first.prefix(3).allSatisfy { $0 >= 80 })
        #expect(first.allSatisfy { $0 >= 28 })
        #expect(first.contains { $0 < 50 })
        #expect(plan.epoch(2).joined().contains { $0.row < 20 })
        #expect(try paced("competence").epoch(3) == plan.epoch(3))
        let control = try paced("random_order").epoch(0).joined().map(\.row)
        #expect(control.count == first.count && control.contains { $0 < 28 })
    }

    @Test("A row's first draw under a curriculum is its pass 0, over all epochs")
    func firstVisits() throws {
        let plan = try paced("competence")
        var seen: Set<Int> = []
        for epoch in 0..<4 {
            for draw in plan.epoch(epoch).joined() {
                #expect((draw.pass == 0) == seen.insert(draw.row).inserted)
            }
        }
    }
}
