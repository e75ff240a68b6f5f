// STUB CONTRACT, owner: engine.
package import Tensor
package typealias _Keep = Tensor
package final class CPUBackend: Backend {
    /// threads 0: one per core.
    package init(threads: Int = 0) { fatalError("stub") }
    /// `kernels avx512, OpenBLAS 0.3.21 SkylakeX, 2 threads`
    package var numerics: String { fatalError("stub") }
    /// Compares BLAS products of several shapes with naive loops; nil when right, else what is wrong.
    package static func selfCheck() -> String? { fatalError("stub") }
    package let threads = 0; package var bytesInUse: Int { fatalError("stub") }
    package var bytesPeak: Int { fatalError("stub") }
}
