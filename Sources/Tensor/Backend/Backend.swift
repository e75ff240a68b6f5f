// What a device must offer. Ops in this module are written against it and nothing else.

/// Memory that the backend's kernels read and write.
package typealias Floats = UnsafeMutablePointer<Float>

/// Memory and kernels of one device. Owned by one thread. A kernel returns when its result may be
/// used by the next; results are the same bits for any number of threads.
package protocol Backend: AnyObject, MatrixKernels, RowKernels, NormKernels, ActivationKernels,
    AttentionKernels, OptimizerKernels
{
    /// `bytes` bytes, 64-byte aligned, uninitialised. Never fails: past the limit it records
    /// `failure` and gives memory that is safe to use but not worth computing on.
    func allocate(_ bytes: Int) -> UnsafeMutableRawPointer
    /// Takes back what `allocate` gave for the same number of bytes, and may keep it for reuse.
    func release(_ pointer: UnsafeMutableRawPointer, _ bytes: Int)
    /// Bytes of live tensors.
    var bytesInUse: Int { get }
    /// The most bytes ever held, kept ones included.
    var bytesPeak: Int { get }
    /// Live bytes above this are refused; nil: no limit.
    var memoryLimitBytes: Int? { get set }
    /// Set by the first refused allocation, and stays set until `clearFailure()`.
    var failure: BackendFailure? { get }
    func clearFailure()
    /// Gives kept memory back to the system.
    func trim()
    /// What decides the bits of results, for logs and checkpoints.
    var numerics: String { get }
}

/// Why a backend's results since some moment are worthless.
package struct BackendFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// `out_of_memory`.
    package let code: String
    package let message: String
    package var description: String { message }

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}
