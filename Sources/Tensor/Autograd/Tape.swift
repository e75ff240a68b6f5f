// The record of one forward pass, run backwards once. It knows ops only as closures.

/// Records a forward pass of coarse ops and runs it backwards. One tape per micro-batch.
///
/// Out of memory never throws or traps inside an op. The backend keeps a `failure`, ops stop
/// computing (losses are NaN), and the owner of the loop looks once after the forward pass and once
/// after `backward()`: with `tape.failure` set it drops the tape and its tensors, calls
/// `clearGradients()` on the parameters (all of the optimiser step's gradients are worthless) and
/// `backend.clearFailure()`, and repeats the step with smaller micro-batches.
package final class Tape {
    package let backend: any Backend
    package let isRecording: Bool
    private var steps: [() -> Void] = []

    package init(_ backend: any Backend, recording: Bool) {
        self.backend = backend
        isRecording = recording
    }

    /// Set when an allocation was refused, by whichever tape of this backend.
    package var failure: BackendFailure? { backend.failure }
    var hasFailed: Bool { backend.failure != nil }

    /// Runs the recorded ops backwards, adding into parameters' gradients. Once per tape. What an
    /// op kept is freed as soon as its gradient is done.
    package func backward() {
        while let step = steps.popLast() {
            if hasFailed { break }
            step()
        }
        steps = []
    }

    /// An op's output; `differentiable` when some input wants a gradient.
    func output(_ shape: [Int], rows: RowSpace?, differentiable: Bool) -> Tensor {
        let tensor = Tensor(shape, rows: rows, backend: backend)
        if isRecording && differentiable { tensor.cell = GradientCell() }
        return tensor
    }

    /// Notes how to send the gradient of `output` back; nothing to do where no gradient arrives.
    func record(_ output: Tensor, _ gradient: @escaping (_ dy: Tensor) -> Void) {
        guard isRecording, let cell = output.cell else { return }
        steps.append {
            guard let dy = cell.take() else { return }
            gradient(dy)
        }
    }

    /// Notes a step that starts a gradient: a loss.
    func recordSeed(_ step: @escaping () -> Void) {
        if isRecording { steps.append(step) }
    }
}

extension Tape {
    /// Seeds `backward()` with the gradient of some loss with respect to `y`, for losses that are
    /// not ops. Does nothing where y depends on nothing trainable.
    package func seed(_ y: Tensor, gradient: [Float]) {
        guard let cell = y.cell else { return }
        let seed = Tensor(gradient, y.shape, backend: backend)
        recordSeed { cell.add(seed) }
    }
}
