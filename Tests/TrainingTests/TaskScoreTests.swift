import Spec
import Testing

@testable import Training

@Suite struct TaskScoreTests {
    @Test("Accuracy and macro-F1 equal the ones computed by hand")
    func classification() {
        var score = TaskScore(.classification)
        // Truth 0 0 0 1, predicted 0 0 1 2: F1 of class 0 is 2·2/5, of 1 and 2 zero.
        for (truth, predicted) in [(0, 0), (0, 0), (0, 1), (1, 2)] as [(Int32, Int32)] {
            score.add(
                Example(task: 0, tokens: [1], targets: [truth]),
                ExampleLoss(lossSum: 2, targets: 1, logits: (0..<3).map { $0 == predicted ? 1 : 0 })
            )
        }
        let metrics = Dictionary(uniqueKeysWithValues: score.metrics.map { ($0.name, $0.value) })
        #expect(metrics["accuracy"] == 0.5)
        #expect(metrics["loss"] == 2)
        #expect(abs((metrics["macro_f1"] ?? 0) - 0.8 / 3) < 1e-12)
    }

    @Test("Perplexity weighs every token the same")
    func generation() {
        var score = TaskScore(.generation)
        score.add(
            Example(task: 0, tokens: [1], targets: [1]),
            ExampleLoss(lossSum: 4, targets: 1))
        score.add(
            Example(task: 0, tokens: [1, 2, 3], targets: [1, 2, 3]),
            ExampleLoss(lossSum: 0, targets: 3))
        #expect(score.metrics.map(\.name) == ["loss", "perplexity"])
        #expect(score.metrics.map(\.value)[0] == 1)
        #expect(abs(score.metrics[1].value - 2.718281828459045) < 1e-12)
    }
}
