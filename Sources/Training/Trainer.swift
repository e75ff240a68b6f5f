internal import Datasets
internal import Models
internal import Multitask
package import Spec
package import Tensor

/// Runs whole training runs.
package enum Trainer {
    /// Runs a whole training run: load, evaluate, epochs with evaluation, test, save. Synchronous,
    /// on the calling thread; the observer is called on it too.
    ///
    /// The result is a function of the spec, the data and the seed; going on from a checkpoint
    /// under the same numerics gives the same bits as never having stopped.
    /// - Throws: `TrainingError`; what the observer's `checkpoint` throws is passed on.
    package static func run(
        _ spec: RunSpec, inputs: TrainingInputs, backend: any Backend,
        observer: any TrainingObserver
    ) throws -> TrainingOutcome {
        let precision = backend.precision
        defer { backend.precision = precision }
        do {
            let session = try TrainingSession(
                spec, inputs: inputs, backend: backend, observer: observer)
            return try session.run()
        } catch let interruption as Interruption {
            return interruption == .cancelled ? .cancelled : .paused
        } catch let error as ModelError {
            throw TrainingError(code: error.code, message: error.message)
        } catch let error as MultitaskError {
            throw TrainingError(code: error.code, message: error.message)
        } catch let error as DatasetError {
            throw TrainingError(code: "dataset_\(error.code)", message: error.message)
        } catch let error as RowProblem {
            throw TrainingError(
                code: "dataset_format",
                message: "line \(error.line) of a stored data set: \(error.message)")
        } catch let error as BackendFailure {
            throw TrainingError(code: error.code, message: error.message)
        }
    }
}

/// How the owner's directive ends the loop.
enum Interruption: Error, Equatable {
    case cancelled
    case paused
}
