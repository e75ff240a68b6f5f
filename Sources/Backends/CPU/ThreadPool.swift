// Swift's view of the pool in CKernels.
internal import CKernels

/// Runs short loops on a fixed set of threads, of which the caller is one.
final class ThreadPool {
    let threads: Int
    private let pool: OpaquePointer

    private struct Job {
        let body: (_ index: Int, _ thread: Int) -> Void
    }

    init(threads: Int) {
        guard let pool = pt_pool_create(Int32(threads)) else {
            preconditionFailure("no memory for a pool of threads")
        }
        self.pool = pool
        self.threads = threads
    }

    deinit { pt_pool_destroy(pool) }

    /// Calls `body` once for each index, in any order, at the same time on several threads.
    func run(_ count: Int, _ body: (_ index: Int, _ thread: Int) -> Void) {
        guard count > 1 else {
            if count == 1 { body(0, 0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: Job(body: body)) { job in
                pt_pool_run(
                    pool, count,
                    { context, index, thread in
                        context.assumingMemoryBound(to: Job.self).pointee.body(index, thread)
                    }, UnsafeMutableRawPointer(mutating: job))
            }
        }
    }

    /// Cuts `0..<count` into ranges of `grain` (by shape alone) and calls `body` for each.
    func run(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        run((count + grain - 1) / grain) { index, _ in
            body(index * grain..<min((index + 1) * grain, count))
        }
    }
}

/// Floats of one piece of work: large against a hand-off between threads, small against a cache.
let grainFloats = 16384

/// Rows of `width` floats that make a piece of work.
func grainRows(_ width: Int) -> Int { max(1, grainFloats / max(width, 1)) }
