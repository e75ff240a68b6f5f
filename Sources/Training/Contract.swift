// STUB CONTRACT, owner: training.
package import Spec
package import Tensor

package struct TrainingInputs: Sendable {
    package var base: String                    // pretrained model file
    package var weights: String?                // fine-tuned weights to start from
    package var datasets: [String: String]      // data set id → canonical JSONL path
    package var checkpoint: String?
    package var scratch: String
    package init(base: String, weights: String?, datasets: [String: String], checkpoint: String?, scratch: String) {
        self.base = base; self.weights = weights; self.datasets = datasets; self.checkpoint = checkpoint; self.scratch = scratch }
}
package struct TrainingError: Error { package var code: String; package var message: String; package init(code: String, message: String) { self.code = code; self.message = message } }
package struct TrainingProgress: Sendable { package var step = 0, steps = 0, epoch = 0, tokens = 0; package var tokensPerSecond = 0.0, etaSeconds = 0.0, trainingSeconds = 0.0; package var phase = "loading"; package init() {} }
package enum TrainingDirective: Sendable { case proceed, checkpoint, cancel, pause }

/// What the loop tells its owner; all calls are made on the training thread, between steps.
package protocol TrainingObserver: AnyObject {
    func progress(_ progress: TrainingProgress)
    func metrics(_ points: [MetricPoint])
    func event(kind: String, message: String)
    /// A complete checkpoint file; returns once it is safe (kept).
    func checkpoint(path: String, step: Int) throws
    /// Polled between steps.
    func directive() -> TrainingDirective
}
package enum TrainingOutcome: Sendable { case finished(modelPath: String, TrainingProgress), cancelled, paused }

package enum Trainer {
    /// Runs a whole training run: load, evaluate, epochs with evaluation, test, save. Synchronous, on the calling thread.
    package static func run(_ spec: RunSpec, inputs: TrainingInputs, backend: any Backend, observer: any TrainingObserver) throws -> TrainingOutcome { fatalError("stub") }
}
