import Spec
import Testing

@testable import Multitask

@Suite struct ForgettingTests {
    private typealias Points = InterferencePoints

    private func report(
        _ spec: RunSpec, _ best: Double, _ last: Double, rows: Double? = nil
    ) -> InterferenceReport {
        InterferenceReport(
            spec,
            points: Points.scores(
                spec, [(0, 0, [0, 0]), (10, 1, [best, 0.5]), (20, 2, [last, 0.5])])
                + (rows.map { [Points.point("a", "validation_rows", "diagnosis", 0, $0)] } ?? []))
    }

    /// BLEU .30 → .285 is 5 % of it and 1.5 points; of 30 on a scale of 100 it would be 150.
    @Test("What is no share is judged relative to its best, whichever way is better")
    func relative() {
        for (metric, best, last, isForgotten) in [
            ("bleu", 0.3, 0.285, true), ("bleu", 0.3, 0.297, false), ("bleu", 30, 29.7, false),
            ("perplexity", 10, 10.5, true), ("perplexity", 10, 10.1, false),
        ] {
            let spec = Points.spec(stages: [["a"], ["b"]], metric: metric, kind: .generation)
            let report = report(spec, best, last)
            #expect(
                report.summary(spec).contains("a was forgotten most") == isForgotten,
                "\(metric) \(best) \(last)")
            #expect((report.suggestion(spec) != nil) == isForgotten)
        }
    }

    /// 1.96·√((.9·.1 + .8·.2)/n) is .098 at n = 100 and .0098 at n = 10 000.
    @Test("Where the held-out rows are known, noise is what chance on them explains")
    func binomial() throws {
        let spec = Points.spec(stages: [["a"], ["b"]])
        let few = report(spec, 0.9, 0.85, rows: 100)
        #expect(few.validationRows == [100, nil])
        let noise = try #require(few.forgettingNoise(spec)[0])
        #expect(abs(noise - 1.96 * ((0.09 + 0.1275) / 100).squareRoot()) < 1e-12)
        #expect(
            few.summary(spec).contains(
                "No task lost more than noise after its stage: a stands 0.05 below its best, and "
                    + "chance on 100 rows explains up to 0.0914."))
        #expect(few.suggestion(spec) == nil)
        let many = report(spec, 0.9, 0.85, rows: 10_000)
        #expect(
            many.summary(spec).contains(
                "a was forgotten most: its accuracy fell 0.05 short of its best by the end (chance "
                    + "on 10000 rows explains up to 0.00914)."))
        #expect(many.suggestion(spec)?.field == "retention")
        // Real, and too little for a remedy.
        let little = report(spec, 0.9, 0.885, rows: 10_000)
        #expect(little.summary(spec).contains("a was forgotten most"))
        #expect(little.suggestion(spec) == nil)
        // Not known: two points.
        let unknown = report(spec, 0.9, 0.885)
        #expect(unknown.forgettingNoise(spec) == [nil, nil])
        #expect(unknown.summary(spec).contains("No task lost more than 0.02 of a share, or 2 %"))
        #expect(report(spec, 0.9, 0.85).suggestion(spec)?.field == "retention")
    }

    @Test("F1, and accuracy over the words of rows, are no shares of rows")
    func otherScores() {
        for (metric, kind) in [
            ("macro_f1", TaskKind.classification), ("accuracy", .tokenClassification),
        ] {
            let spec = Points.spec(stages: [["a"], ["b"]], metric: metric, kind: kind)
            #expect(report(spec, 0.9, 0.85, rows: 100).forgettingNoise(spec) == [nil, nil])
        }
    }
}
