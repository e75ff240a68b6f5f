import CKernels
import Testing

@Suite struct PoolTests {
    @Test("Every index runs exactly once, in thousands of short loops", arguments: [1, 2, 5])
    func everyIndexOnce(threads: Int32) throws {
        let pool = try #require(pt_pool_create(threads))
        defer { pt_pool_destroy(pool) }
        let counts = UnsafeMutablePointer<Int32>.allocate(capacity: 64)
        counts.initialize(repeating: 0, count: 64)
        defer { counts.deallocate() }
        for round in 0..<3000 {
            let count = round % 65
            pt_pool_run(
                pool, count,
                { context, index, _ in
                    context.assumingMemoryBound(to: Int32.self)[index] += 1
                }, counts)
            for index in 0..<64 {
                if counts[index] != (index < count ? 1 : 0) {
                    Issue.record("round \(round), index \(index) ran \(counts[index]) times")
                    return
                }
                counts[index] = 0
            }
        }
    }

    @Test("Threads are numbered below the size of the pool")
    func numbers() throws {
        let pool = try #require(pt_pool_create(3))
        defer { pt_pool_destroy(pool) }
        var numbers = [Int](repeating: -1, count: 500)
        numbers.withUnsafeMutableBytes { numbers in
            guard let base = numbers.baseAddress else { return }
            pt_pool_run(
                pool, 500,
                { context, index, thread in
                    context.assumingMemoryBound(to: Int.self)[index] = thread
                }, base)
        }
        #expect(numbers.allSatisfy { (0..<3).contains($0) })
    }
}
