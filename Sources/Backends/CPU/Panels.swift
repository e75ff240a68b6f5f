// What packed products need of the processor: its kernels, and memory near its caches.
internal import CKernels
internal import Glibc
internal import Tensor

final class Panels {
    /// Lines of a panel: a panel of A then fits the first cache, one of B the second.
    static let linesMax = 384
    /// Rows of A that a thread packs at a time: with the depth, a fraction of its second cache.
    static let rowsMax = 128
    /// Columns of B that are packed at a time.
    static let columnsMax = 1536
    /// Of B: what the threads share of the last cache, in elements of lines.
    static let sharedFloats = 1 << 20

    let kernels: pt_products
    /// Panels of B, packed by all threads for all.
    let shared: Floats
    /// Panels of A, by thread.
    let own: [Floats]

    /// nil where OpenBLAS's kernels are the better ones.
    init?(_ kernels: UnsafePointer<pt_products>?, threads: Int) {
        guard let kernels else { return nil }
        self.kernels = kernels.pointee
        shared = Self.reserve(Self.sharedFloats)
        own = (0..<threads).map { _ in Self.reserve(Self.rowsMax * Self.linesMax) }
    }

    deinit {
        for memory in own + [shared] { free(memory) }
    }

    /// Rows of A in one panel.
    var rows: Int { kernels.rows }
    /// Columns of B in one panel.
    var columns: Int { kernels.columns }
    var depthMax: Int { Self.linesMax * kernels.depths }

    /// Lines that hold `depth` depths.
    func lines(_ depth: Int) -> Int { (depth + kernels.depths - 1) / kernels.depths }

    /// Costs address space until it is used.
    private static func reserve(_ floats: Int) -> Floats {
        let bytes = floats * MemoryLayout<Float>.stride
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, 2 << 20, bytes) == 0, let memory else {
            preconditionFailure("no address space for the panels of products")
        }
        madvise(memory, bytes, MADV_HUGEPAGE)
        return memory.assumingMemoryBound(to: Float.self)
    }
}
