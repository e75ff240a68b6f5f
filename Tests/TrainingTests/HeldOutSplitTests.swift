import Datasets
import Testing

@testable import Training

@Suite struct HeldOutSplitTests {
    private func rows(_ texts: Int, labels: Int, copies: Int = 1) -> [Row] {
        (0..<texts * copies).map {
            .labelled(text: "text \($0 % texts)", label: "label \($0 % texts % labels)")
        }
    }

    private func texts(_ rows: [Row], _ indices: [Int]) -> Set<String> {
        Set(indices.compactMap { if case .labelled(let text, _) = rows[$0] { text } else { nil } })
    }

    @Test("Equal texts stay on one side, and all rows are on one of them")
    func together() {
        let rows = rows(200, labels: 3, copies: 3)
        let split = HeldOutSplit.split(rows, fraction: 0.1)
        #expect(texts(rows, split.training).isDisjoint(with: texts(rows, split.heldOut)))
        #expect((split.training + split.heldOut).sorted() == Array(rows.indices))
        // Groups of three rows overshoot each label's quota of 20 by two at most.
        #expect((60...66).contains(split.heldOut.count))
    }

    @Test("The split depends on the texts alone, and a larger share holds the same rows and more")
    func stable() {
        let rows = rows(100, labels: 2)
        let fifth = HeldOutSplit.split(rows, fraction: 0.2).heldOut
        let reversed = HeldOutSplit.split(rows.reversed(), fraction: 0.2).heldOut
        #expect(Set(reversed.map { 99 - $0 }) == Set(fifth) && fifth.count == 20)
        #expect(Set(fifth).isSubset(of: HeldOutSplit.split(rows, fraction: 0.3).heldOut))
        // By no order that the data set has.
        #expect(fifth != Array(0..<20) && fifth != Array(80..<100))
    }

    @Test("A rare label is held out where it has three rows, and never loses its last")
    func rareLabels() {
        var rows = rows(100, labels: 2)
        rows += (0..<3).map { .labelled(text: "rare \($0)", label: "rare") }
        rows.append(.labelled(text: "single", label: "single"))
        let split = HeldOutSplit.split(rows, fraction: 0.1)
        #expect(split.heldOut.count { (100..<103).contains($0) } == 1)
        #expect(split.training.contains(103))
    }

    @Test("At least one row is held out of few, and none of a single text")
    func few() {
        let two: [Row] = [.text("a"), .text("b")]
        #expect(HeldOutSplit.split(two, fraction: 0.01).heldOut.count == 1)
        let same: [Row] = [.text("a"), .text("a")]
        #expect(HeldOutSplit.split(same, fraction: 0.5).heldOut.isEmpty)
    }

    @Test("A text of more rows than are wanted stays with the training, unless there is no other")
    func large() {
        let many: [Row] = (0..<300).map { _ in .text("same") } + (0..<700).map { .text("t \($0)") }
        #expect(HeldOutSplit.split(many, fraction: 0.1).heldOut.count == 100)
        let two: [Row] = (0..<60).map { .text($0 < 20 ? "a" : "b") }
        let split = HeldOutSplit.split(two, fraction: 0.1)
        #expect([20, 40].contains(split.heldOut.count))
    }
}
