// Keeps released blocks by size class, since a training step asks for the same sizes every time.
internal import Glibc
internal import Tensor

final class Allocator {
    private(set) var bytesInUse = 0
    private(set) var bytesPeak = 0
    var limitBytes: Int?
    var failure: BackendFailure?
    private var bytesKept = 0
    private var peakInUse = 0
    private var kept: [Int: [UnsafeMutableRawPointer]] = [:]
    private var classes: [UnsafeMutableRawPointer: Int] = [:]
    private var refused: Set<UnsafeMutableRawPointer> = []

    /// From this size on, blocks are aligned to huge pages.
    private static let hugePageBytes = 2 << 20
    /// Kept blocks may exceed the most ever in use by a quarter, and by this.
    private static let slackBytes = 64 << 20

    deinit { trim() }

    func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
        let size = Self.sizeClass(bytes)
        if let limitBytes, bytesInUse + size > limitBytes { return refuse(size, limitBytes) }
        let pointer = reuse(size) ?? create(size)
        guard let pointer else { return refuse(size, bytesInUse) }
        bytesInUse += classes[pointer] ?? size
        peakInUse = max(peakInUse, bytesInUse)
        bytesPeak = max(bytesPeak, bytesInUse + bytesKept)
        return pointer
    }

    func release(_ pointer: UnsafeMutableRawPointer, _ bytes: Int) {
        if refused.remove(pointer) != nil {
            munmap(pointer, Self.sizeClass(bytes))
            return
        }
        guard let size = classes[pointer] else { preconditionFailure("not allocated here") }
        bytesInUse -= size
        bytesKept += size
        kept[size, default: []].append(pointer)
    }

    func trim() {
        for pointers in kept.values { for pointer in pointers { destroy(pointer) } }
        kept = [:]
    }

    /// Eight sizes for each power of two: at most an eighth of a block is unused.
    private static func sizeClass(_ bytes: Int) -> Int {
        guard bytes > 512 else { return 512 }
        let step = 1 << (Int.bitWidth - 1 - (bytes - 1).leadingZeroBitCount - 3)
        return (bytes + step - 1) / step * step
    }

    private func reuse(_ size: Int) -> UnsafeMutableRawPointer? {
        var candidate = size
        for _ in 0..<3 {
            if let pointer = kept[candidate]?.popLast() {
                bytesKept -= candidate
                return pointer
            }
            candidate = Self.sizeClass(candidate + 1)
        }
        return nil
    }

    private func create(_ size: Int) -> UnsafeMutableRawPointer? {
        let most = max(peakInUse, bytesInUse + size) / 4 * 5 + Self.slackBytes
        if bytesInUse + bytesKept + size > min(most, limitBytes ?? most) { trim() }
        let isHuge = size >= Self.hugePageBytes
        var pointer: UnsafeMutableRawPointer?
        guard posix_memalign(&pointer, isHuge ? Self.hugePageBytes : 64, size) == 0, let pointer
        else { return nil }
        if isHuge { madvise(pointer, size, MADV_HUGEPAGE) }
        classes[pointer] = size
        return pointer
    }

    private func destroy(_ pointer: UnsafeMutableRawPointer) {
        bytesKept -= classes.removeValue(forKey: pointer) ?? 0
        free(pointer)
    }

    /// Records the failure and gives address space, which costs memory only where it is written.
    private func refuse(_ size: Int, _ limit: Int) -> UnsafeMutableRawPointer {
        if failure == nil {
            failure = BackendFailure(
                code: "out_of_memory",
                message: "memory must stay within \(limit) bytes, but \(bytesInUse) are in use and "
                    + "\(size) more were asked for; take a smaller batch_tokens or max_length, adapters "
                    + "instead of full training, or a smaller model")
        }
        let pointer = mmap(
            nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let pointer, pointer != MAP_FAILED else {
            preconditionFailure("the system refuses even address space")
        }
        refused.insert(pointer)
        return pointer
    }
}
