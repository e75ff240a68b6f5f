// How task gradients become one. A method sees their Gramian and answers with one number a task;
// whoever trains forms Σ αₜgₜ and never asks which method it was.

package import Spec

/// Chooses the coefficients of the tasks' gradients: the model moves along Σ αₜ gₜ, where gₜ is
/// the gradient of task t's weighted mean loss with respect to the shared parameters.
///
/// A task's own parameters (its head) follow that task's gradient alone. Called once per
/// optimiser step, after its last micro-batch.
package protocol AggregationMethod: Sendable {
    static var descriptor: MethodDescriptor { get }

    init(_ settings: MethodSettings)

    /// α, one per gradient of `gramian`, finite for every finite Gramian.
    func coefficients<Generator: RandomNumberGenerator>(
        _ gramian: Gramian, using generator: inout Generator
    ) -> [Double]
}
