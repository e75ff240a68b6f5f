import Spec
import Testing

@testable import Multitask

@Suite struct EarlyWarningTests {
    private func watch(_ metrics: [String], drop: Double = 0.05) -> EarlyWarning {
        EarlyWarning(EarlyWarningSpec(drop: drop), metrics: metrics.map { TaskMetric($0) })
    }

    @Test(
        "A fall is told in points of a share and relative for everything else, whichever way is up",
        arguments: [
            ("accuracy", 0.9, 0.84, 0.06), ("macro_f1", 0.5, 0.3, 0.2),
            ("perplexity", 20, 25, 0.25), ("loss", 2, 2.5, 0.25), ("rmse", 0.1, 0.2, 1),
            ("bleu", 40, 30, 0.25),
        ])
    func falls(metric: String, best: Double, now: Double, fall: Double) throws {
        var warning = watch([metric])
        #expect(warning.observe([best], step: 10, trained: [0]).isEmpty)
        #expect(warning.isHealthy([best]) && !warning.isHealthy([now]))
        let alarm = try #require(warning.observe([now], step: 20, trained: [0]).first)
        #expect(abs(alarm.fall - fall) < 1e-12)
        #expect(alarm.best == best && alarm.bestStep == 10 && alarm.cause == nil)
    }

    @Test("A task is told again only after it fell as far again, and anew after a new best")
    func again() {
        var warning = watch(["accuracy"])
        let scores = [0.9, 0.86, 0.84, 0.82, 0.78, 0.95, 0.89]
        let told = scores.enumerated().map { step, score in
            !warning.observe([score], step: step, trained: [0]).isEmpty
        }
        #expect(told == [false, false, true, false, true, false, true])
    }

    @Test("What was never trained, or is not a number, cannot be lost")
    func untrained() {
        var warning = watch(["accuracy", "accuracy"])
        _ = warning.observe([0.9, 0.7], step: 1, trained: [0])
        #expect(warning.observe([.nan, 0.1], step: 2, trained: [0]).isEmpty)
        #expect(warning.observe([0.9, 0.2], step: 3, trained: [0, 1]).isEmpty)
    }

    @Test("The cause is the task whose steps raised the loss most since the best score")
    func cause() throws {
        var warning = watch(["accuracy", "accuracy", "accuracy"])
        _ = warning.observe([0.5, 0.5, 0.5], step: 1, trained: [0, 1, 2])
        // Before the best score: of no account.
        warning.measured(effect: 9, of: 1, on: 0, share: 0.5)
        _ = warning.observe([0.9, 0.5, 0.5], step: 2, trained: [0, 1, 2])
        warning.measured(effect: 0.1, of: 1, on: 0, share: 0.5)
        warning.measured(effect: 0.3, of: 2, on: 0, share: 0.5)
        warning.measured(effect: 0.1, of: 2, on: 0, share: 0.5)
        warning.measured(effect: 5, of: 0, on: 0, share: 0.5)
        warning.measured(effect: 7, of: 0, on: 1, share: 0.5)
        let alarm = try #require(
            warning.observe([0.6, 0.5, 0.5], step: 3, trained: [0, 1, 2]).first)
        #expect(alarm.cause?.task == 2 && alarm.cause?.measurements == 2)
        #expect(abs((alarm.cause?.effect ?? 0) - 0.2) < 1e-12)
        // Who had most of the steps costs more than who had few, whatever one step would do.
        var shared = watch(["accuracy", "accuracy", "accuracy"])
        _ = shared.observe([0.9, 0.5, 0.5], step: 1, trained: [0, 1, 2])
        shared.measured(effect: 0.2, of: 1, on: 0, share: 0.9)
        shared.measured(effect: 0.3, of: 2, on: 0, share: 0.1)
        #expect(shared.observe([0.6, 0.5, 0.5], step: 2, trained: [0]).first?.cause?.task == 1)
        // Only steps that lower the loss: nobody to blame.
        var calm = watch(["accuracy", "accuracy"])
        _ = calm.observe([0.9, 0.9], step: 1, trained: [0, 1])
        calm.measured(effect: -1, of: 1, on: 0, share: 0.5)
        #expect(calm.observe([0.1, 0.9], step: 2, trained: [0, 1]).first?.cause == nil)
    }

    @Test("Its state goes through a checkpoint whole")
    func state() {
        var warning = watch(["accuracy", "loss"])
        _ = warning.observe([0.9, 2], step: 4, trained: [0])
        warning.measured(effect: 0.25, of: 1, on: 0, share: 0.5)
        _ = warning.observe([0.8, 2], step: 5, trained: [0])
        var other = watch(["accuracy", "loss"])
        other.restore(warning.state)
        #expect(other == warning)
    }

    @Test(
        "Figures in sentences keep three digits",
        arguments: [
            (0.123456, "0.123"), (0.0000123456, "1.23e-05"), (12.3456, "12.3"), (1234.5, "1235"),
            (2.0, "2"), (0, "0"), (-0.5, "-0.5"), (.infinity, "unknown"),
        ])
    func figures(value: Double, text: String) { #expect(Figure.shown(value) == text) }
}
