// STUB CONTRACT, owner: engine.
package import Tensor

package struct AdamWConfiguration: Sendable {
    package var beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0.01
    package init() {}
}

/// AdamW over task slots. Weight decay is not applied to parameters of rank 1 (norms, biases).
package final class AdamW {
    package init(_ parameters: [Parameter], _ configuration: AdamWConfiguration, backend: any Backend) { fatalError("stub") }
    /// √ΣΣ(Σₜ gₜ)² over all parameters (slots summed); Float64 accumulation. Not finite when any gradient is not.
    package func gradientNorm() -> Double { fatalError("stub") }
    /// One update with gradient `scale · Σₜ gₜ`. Parameters whose gradients are all empty are skipped entirely (no decay, no moment update; each parameter counts its own updates).
    package func step(learningRate: Float, scale: Float) { fatalError("stub") }
    /// First moment, second moment and update count of parameter i: for checkpoints.
    package func state(_ index: Int) -> (first: Tensor, second: Tensor, updates: Int) { fatalError("stub") }
    package func setUpdates(_ index: Int, _ updates: Int) { fatalError("stub") }
}
