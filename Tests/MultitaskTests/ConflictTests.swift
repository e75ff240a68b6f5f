import Spec
import Testing

@testable import Multitask

@Suite struct ConflictTests {
    private typealias Points = InterferencePoints
    private let spec = Points.spec()
    private static let opposed = [-0.3, -0.35, -0.25, -0.3]

    private func summary(_ points: [MetricPoint]) -> String {
        InterferenceReport(spec, points: points).summary(spec)
    }

    @Test("Opposed gradients count only beyond the noise between halves of one task")
    func conflict() throws {
        let opposed = InterferenceReport(spec, points: Points.cosines(Self.opposed))
        let pair = try #require(opposed.conflicts.first)
        #expect(pair.isSignificant && pair.shareOfSteps == 1)
        #expect(abs(pair.cosine + 0.3) < 1e-12)
        // t at 3 degrees of freedom times √(.005 / 3 / 4).
        #expect(abs(pair.cosineMargin - 3.182446305 * (0.005 / 12).squareRoot()) < 1e-9)
        #expect(opposed.summary(spec).contains("oppose each other"))
        // Halves of one task agree no better: all of it may be noise.
        let noise = InterferenceReport(spec, points: Points.cosines(Self.opposed, within: -0.32))
        #expect(noise.conflicts.first?.isSignificant == false)
        let mixed = InterferenceReport(spec, points: Points.cosines([-0.3, 0.35, -0.25, 0.3]))
        #expect(mixed.conflicts.first?.isSignificant == false)
        #expect(mixed.conflicts.first?.shareOfSteps == 0.5)
        #expect(mixed.suggestion(spec) == nil)
        #expect(mixed.summary(spec) == "No two tasks' gradients oppose each other beyond noise.")
    }

    /// 1.96 standard errors would leave the whole interval, −.3 ± .27, below zero.
    @Test("Of three measurements the interval is Student's")
    func few() {
        let report = InterferenceReport(spec, points: Points.cosines([-0.06, -0.3, -0.54]))
        #expect(report.conflicts.first?.isTestable == true)
        #expect(report.conflicts.first?.isSignificant == false)
    }

    @Test("Where nothing could be tested the report says that, not that nothing opposes")
    func untestable() throws {
        let two = summary(Points.cosines([-0.3, -0.3]))
        #expect(
            two == "Too few measurements to tell whether gradients oppose each other: a and b (2).")
        let blind = InterferenceReport(spec, points: Points.cosines(Self.opposed, within: nil))
        let pair = try #require(blind.conflicts.first)
        #expect(!pair.isTestable && !pair.isSignificant && pair.shareOfSteps == nil)
        #expect(blind.summary(spec).hasPrefix("Too few measurements to tell"))
        #expect(blind.suggestion(spec) == nil)
        // Of one task alone the noise is no measure either.
        let half = Points.cosines(Self.opposed).filter {
            $0.task == "a" || $0.name != "gradient_cosine_within"
        }
        #expect(InterferenceReport(spec, points: half).conflicts.first?.isSignificant == false)
        let three = Points.spec(["a", "b", "c"])
        let some = InterferenceReport(
            three,
            points: Points.cosines([0.1, 0.2, 0.1])
                + [Points.point("b", "gradient_cosine.c", "diagnosis", 9, -0.5)])
        #expect(
            some.summary(three)
                == "No two tasks' gradients of those measured often enough oppose each other beyond "
                + "noise. Too few measurements to tell whether gradients oppose each other: "
                + "b and c (1).")
    }

    @Test("The effect is one number a pair; pressure is its part by the rows that a task got")
    func pressure() throws {
        // Epoch 1 trains a alone, epoch 2 b with a tenth of replayed rows of a.
        let points =
            Points.cosines([0.1, 0.1], effect: 0.03, epoch: 1)
            + Points.cosines([-0.1, -0.1], effect: 0.05, epoch: 2, from: 11)
            // Of an epoch whose rows are not counted yet.
            + Points.cosines([-0.1, -0.1], effect: 0.07, epoch: 3, from: 21)
            + Points.rowsSampled([["a": 100, "b": 0], ["a": 10, "b": 90]])
        let pair = try #require(InterferenceReport(spec, points: points).conflicts.first)
        #expect(abs(try #require(pair.effect) - 0.05) < 1e-12)
        let (ofA, ofB) = (0.03 + 0.1 * 0.05, 0.9 * 0.05)
        #expect(abs(try #require(pair.pressureOfA) - ofA / 2) < 1e-12)
        #expect(abs(try #require(pair.pressureOfB) - ofB / 2) < 1e-12)
        let unknown = try #require(
            InterferenceReport(spec, points: Points.cosines([0.1])).conflicts.first)
        #expect(unknown.effect == 0.02 && unknown.pressureOfA == nil)
        // One direction is enough.
        let oneWay = points.filter { $0.name != "loss_effect.b" }
        let same = try #require(InterferenceReport(spec, points: oneWay).conflicts.first)
        #expect(same.effect == pair.effect && same.pressureOfB == pair.pressureOfB)
    }

    @Test("In the loss scope `task` pressure goes by loss weights, whatever the rows")
    func weightedPressure() throws {
        var spec = spec
        spec.weighting = MethodSpec("gradnorm")
        let points =
            Points.cosines([0.1, 0.1], effect: 0.04) + Points.rowsSampled([["a": 10, "b": 990]])
        var pair = try #require(InterferenceReport(spec, points: points).conflicts.first)
        #expect(pair.pressureOfA == 0.02 && pair.pressureOfB == 0.02)
        let weights = [(1, 1.25, 0.75), (2, 1.75, 0.25)].flatMap { step, a, b in
            [
                Points.point("a", "loss_weight", "train", step, a),
                Points.point("b", "loss_weight", "train", step, b),
            ]
        }
        pair = try #require(InterferenceReport(spec, points: points + weights).conflicts.first)
        #expect(abs(try #require(pair.pressureOfA) - 0.03) < 1e-12)
        #expect(abs(try #require(pair.pressureOfB) - 0.01) < 1e-12)
    }

    @Test("Cosines over time are thinned evenly, the first and the last kept")
    func history() throws {
        let values = (0..<1000).map { Double($0) / 1000 }
        let report = InterferenceReport(spec, points: Points.cosines(values))
        let history = try #require(report.conflicts.first?.history)
        #expect(history.count == 200)
        #expect(history.first == .init(step: 1, value: 0))
        #expect(history.last == .init(step: 1000, value: 0.999))
        let gaps = zip(history.dropFirst(), history).map { $0.step - $1.step }
        #expect(gaps.allSatisfy { $0 == 5 || $0 == 6 })
        let short = InterferenceReport(spec, points: Points.cosines(Self.opposed))
        #expect(short.conflicts.first?.history.map(\.value) == Self.opposed)
    }
}
