// How a run keeps what earlier stages learnt. A method only says what it needs; whoever trains
// provides exactly that, joins the needs of several methods, and never asks which they are.

package import Spec

/// What must be kept of earlier tasks, and what for. Every part is independent of the others.
package struct RetentionNeeds: Sendable, Equatable {
    /// Rows of earlier tasks are trained on again.
    package struct Replay: Sendable, Equatable {
        /// Share of each earlier task's rows that is kept.
        package var fraction: Double
        /// Replayed rows for each new row.
        package var rate: Double
        /// Whether what is kept has a task's classes as even as its rows allow.
        package var balancesClasses = false
    }

    /// A quadratic penalty ½λ Σ Fᵢ(θᵢ − θ*ᵢ)² around what earlier stages ended with, or began with.
    package struct Anchor: Sendable, Equatable {
        package enum Labels: String, Sendable { case sampled, empirical, exact }

        /// What F is.
        package enum Importance: Sendable, Equatable {
            /// Mean over rows of the squared score, with these labels.
            case score(Labels)
            /// Mean over rows of |∂‖logits‖²/∂θ|.
            case outputs
            /// max(0, ω)/(Δθ² + damping): by how much the parameter's way through the stage lowered
            /// the loss.
            case path(damping: Double)
            /// 1 for each parameter of the backbone, around the model that the run starts from.
            case base
        }

        /// λ.
        package var strength: Double
        /// γ: what is left of earlier penalties when a new one joins, all around the newest
        /// parameters; `nil`: all in full, each around its own.
        package var decay: Double?
        package var importance: Importance
        /// Rows of each task that F is the mean over.
        package var samples = 0
    }

    /// The step may not oppose the gradient of rows kept of earlier tasks.
    package struct Reference: Sendable, Equatable {
        package var fraction: Double
        /// Kept rows for each new row.
        package var rate: Double

        /// What of the reference's gradient is added to one that opposes it, so that it does no more.
        /// - Parameters:
        ///   - product: g·g_ref.
        ///   - square: ‖g_ref‖².
        package static func correction(product: Double, square: Double) -> Double {
            product < 0 && square > 0 ? -product / square : 0
        }
    }

    /// The outputs of earlier tasks' heads on new rows stay what they were before the stage.
    package struct Distillation: Sendable, Equatable {
        package var weight: Double
        package var temperature: Double
    }

    /// Rows of earlier tasks are replayed with the outputs that they had when they were kept.
    package struct StoredOutputs: Sendable, Equatable {
        package var fraction: Double
        package var rate: Double
        /// Of the squared error of outputs, and of the loss on labels in a second draw.
        package var outputWeight: Double
        package var labelWeight: Double
    }

    /// The weights that earlier tasks answer with are merged with those at the stage's beginning.
    package struct Merging: Sendable, Equatable {
        /// Of the stage's beginning.
        package var share: Double
        /// Steps between two merges, as a share of the stage's.
        package var period: Double

        /// Whether the weights are merged after `steps` of a stage's `count` steps: as evenly as whole
        /// steps allow, the last time at the end.
        package func isDue(after steps: Int, of count: Int) -> Bool {
            guard count > 0 else { return false }
            let times = Double(min(count, max(1, Int((1 / period).rounded()))))
            func merges(_ steps: Int) -> Double {
                (Double(steps) * times / Double(count)).rounded(.down)
            }
            return merges(steps) > merges(steps - 1)
        }
    }

    /// Every stage begins with the weights of the run's start, and after it the model is the start with
    /// the merged changes of all stages so far.
    package struct TaskVectors: Sendable, Equatable {
        /// Of what is added to the start.
        package var scale: Double
        /// Share of a stage's changes, the largest, that counts, merged by the sign that most of
        /// their sum has; `nil`: all changes, summed.
        package var density: Double?
    }

    package var replay: Replay?
    package var anchor: Anchor?
    package var reference: Reference?
    package var distillation: Distillation?
    package var storedOutputs: StoredOutputs?
    package var merging: Merging?
    package var vectors: TaskVectors?

    package init() {}

    /// Rows that a step gets for each of its own.
    package var extraRows: Double {
        (replay?.rate ?? 0) + (reference?.rate ?? 0) + 2 * (storedOutputs?.rate ?? 0)
    }

    /// Both methods' needs.
    /// - Returns: `nil` where the two need the same thing in two ways.
    package func joined(with other: RetentionNeeds) -> RetentionNeeds? {
        var sum = self
        guard
            Self.take(&sum.replay, other.replay), Self.take(&sum.anchor, other.anchor),
            Self.take(&sum.reference, other.reference),
            Self.take(&sum.distillation, other.distillation),
            Self.take(&sum.storedOutputs, other.storedOutputs),
            Self.take(&sum.merging, other.merging),
            Self.take(&sum.vectors, other.vectors)
        else { return nil }
        return sum
    }

    private static func take<Need>(_ own: inout Need?, _ other: Need?) -> Bool {
        guard let other else { return true }
        guard own == nil else { return false }
        own = other
        return true
    }
}

/// A method against forgetting. Takes effect from the second stage on, or from the first where it
/// keeps the model that the run starts from.
package protocol RetentionMethod: Sendable {
    static var descriptor: MethodDescriptor { get }

    init(_ settings: MethodSettings)

    var needs: RetentionNeeds { get }
}
