// The CPU: packed products where the processor has AVX2 or more, OpenBLAS for the other ones, CKernels
// for the rest, one pool of threads. Any number of threads gives the same bits: a sum is never cut
// by thread count.
internal import CKernels
internal import COpenBLAS
internal import Glibc
package import Tensor

/// The instruction sets that the kernels are compiled for.
package enum KernelLevel: Int32, CaseIterable, Sendable {
    case baseline, avx2, avx512

    /// Levels that this processor can run, the fastest last.
    package static var available: [KernelLevel] {
        allCases.filter { pt_kernels_at($0.rawValue) != nil }
    }
}

package final class CPUBackend: Backend {
    package let threads: Int
    let pool: ThreadPool
    let kernels: pt_kernels
    private let panels: [ProductPrecision: Panels]
    package var precision = ProductPrecision.fp32
    let allocator = Allocator()
    var rotaryTables: [RotaryForm: RotaryTable] = [:]

    /// - Parameters:
    ///   - threads: 0 means one for each core.
    ///   - level: nil means the fastest that the processor has; unavailable levels fall back to
    ///     baseline.
    package init(threads: Int = 0, level: KernelLevel? = nil) {
        let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        let pool = ThreadPool(threads: threads > 0 ? threads : cores)
        self.pool = pool
        self.threads = pool.threads
        kernels = Self.table(level ?? KernelLevel.available.last ?? .baseline)
        var panels: [ProductPrecision: Panels] = [:]
        panels[.fp32] = Panels(kernels.products, threads: pool.threads)
        if level == nil { panels[.bf16] = Panels(pt_bf16_products(), threads: pool.threads) }
        self.panels = panels
        openblas_set_num_threads(1)
    }

    /// `kernels avx512, OpenBLAS 0.3.21 SkylakeX, 2 threads`, and the precision of products
    /// where it is not `fp32`.
    package var numerics: String {
        let words = String(cString: openblas_get_config()).split(separator: " ")
        let version = words.prefix(2).joined(separator: " ")
        let core = String(cString: openblas_get_corename())
        let products = precision == .fp32 ? "" : ", \(precision) products"
        return "kernels \(String(cString: kernels.name)), \(version) \(core), \(threads) threads"
            + products
    }

    package var precisions: [ProductPrecision] {
        panels[.bf16] == nil ? [.fp32] : [.fp32, .bf16]
    }

    /// Those of this processor's fastest kernels.
    package static var precisions: [ProductPrecision] {
        pt_bf16_products() == nil ? [.fp32] : [.fp32, .bf16]
    }

    /// nil where OpenBLAS does better.
    var packing: Panels? { panels[precision] }

    private static func table(_ level: KernelLevel) -> pt_kernels {
        guard let table = pt_kernels_at(level.rawValue) ?? pt_kernels_at(0) else {
            preconditionFailure("the baseline kernels run everywhere")
        }
        return table.pointee
    }
}

// Memory
extension CPUBackend {
    package func allocate(_ bytes: Int) -> UnsafeMutableRawPointer { allocator.allocate(bytes) }
    package func release(_ pointer: UnsafeMutableRawPointer, _ bytes: Int) {
        allocator.release(pointer, bytes)
    }
    package var bytesInUse: Int { allocator.bytesInUse }
    package var bytesPeak: Int { allocator.bytesPeak }
    package var memoryLimitBytes: Int? {
        get { allocator.limitBytes }
        set { allocator.limitBytes = newValue }
    }
    package var failure: BackendFailure? { allocator.failure }
    package func clearFailure() { allocator.failure = nil }
    package func trim() { allocator.trim() }

    /// Memory for the duration of `body`.
    func withScratch(_ floats: Int, _ body: (Floats) -> Void) {
        let bytes = max(floats, 1) * MemoryLayout<Float>.stride
        let memory = allocate(bytes)
        body(memory.assumingMemoryBound(to: Float.self))
        release(memory, bytes)
    }
}
