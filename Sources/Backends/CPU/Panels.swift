// What packed products need of the processor: its kernels, and memory near its caches.
internal import CKernels
internal import Glibc
internal import Tensor

final class Panels {
    /// Depths of a panel: a panel of A then fits the first cache, one of B the second.
    static let depthMax = 384
    /// Rows of A that a thread packs at a time: with the depth, a fraction of its second cache.
    static let rowsMax = 128
    /// Columns of B that are packed at a time.
    static let columnsMax = 1536
    /// Of B: what the threads share of the last cache.
    static let sharedFloats = 1 << 20

    /// Rows of A and columns of B in one panel.
    let rows: Int, columns: Int
    let pack: @convention(c) (UnsafePointer<Float>, Int, Int32, Int32, Int, Int, Floats) -> Void
    let multiplyBlock:
        @convention(c) (
            UnsafePointer<Float>, UnsafePointer<Float>, Floats, Int, Int, Int, Int, Int32
        ) -> Void
    /// Panels of B, packed by all threads for all.
    let shared: Floats
    /// Panels of A, by thread.
    let own: [Floats]

    /// nil where OpenBLAS's kernels are the better ones.
    init?(_ kernels: pt_kernels, threads: Int) {
        guard let pack = kernels.pack, let multiplyBlock = kernels.multiply_block else {
            return nil
        }
        (self.pack, self.multiplyBlock) = (pack, multiplyBlock)
        (rows, columns) = (kernels.product_rows, kernels.product_columns)
        shared = Self.reserve(Self.sharedFloats)
        own = (0..<threads).map { _ in Self.reserve(Self.rowsMax * Self.depthMax) }
    }

    deinit {
        for memory in own + [shared] { free(memory) }
    }

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
