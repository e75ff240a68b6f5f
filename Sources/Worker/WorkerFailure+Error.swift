import Models
import Tensor
import Training
import WorkerProtocol

extension WorkerFailure {
    /// An error of the engine as it crosses the process border.
    init(_ error: any Error) {
        switch error {
        case let failure as WorkerFailure: self = failure
        case let error as TrainingError: self.init(code: error.code, message: error.message)
        case let error as ModelError where error.code == "out_of_space":
            self.init(
                code: "disk_full",
                message: "\(error.message); free some space in the data folder")
        case let error as ModelError: self.init(code: error.code, message: error.message)
        case let error as BackendFailure: self.init(code: error.code, message: error.message)
        default: self.init(code: "internal", message: "\(error)")
        }
    }
}
