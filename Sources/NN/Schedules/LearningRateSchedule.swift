internal import Glibc

/// The learning rate of each step: a linear warm-up from near zero, then a shape down to zero
/// (or none).
package struct LearningRateSchedule: Sendable, Equatable {
    package enum Shape: String, Sendable, CaseIterable {
        /// Half a cosine from the peak to zero.
        case cosine
        /// A straight line from the peak to zero.
        case linear
        case constant
    }

    package let shape: Shape
    package let peak: Double
    package let warmupSteps: Int
    package let steps: Int

    /// The warm-up takes `warmupFraction` of all `steps`, rounded to the nearest step.
    package init(shape: Shape, peak: Double, warmupFraction: Double, steps: Int) {
        self.shape = shape
        self.peak = peak
        self.warmupSteps = Int((warmupFraction * Double(steps)).rounded())
        self.steps = steps
    }

    /// The rate of step `step`, counted from 0. The first step after the warm-up runs at the
    /// peak; the last step is the last above zero.
    package func rate(step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps + 1) }
        let length = max(1, steps - warmupSteps)
        let progress = min(1, Double(step - warmupSteps) / Double(length))
        return switch shape {
        case .cosine: peak * 0.5 * (1 + cos(.pi * progress))
        case .linear: peak * (1 - progress)
        case .constant: peak
        }
    }
}
