import CPUBackend
import Tensor
import Testing

@Suite struct MemoryTests {
    private func step(_ backend: CPUBackend, rows: Int = 64) -> (Tape, [Float]) {
        let table = Parameter(
            name: "table",
            value: Tensor([Float](repeating: 0.1, count: 512 * 32), [512, 32], backend: backend))
        let tape = Tape(backend, recording: true)
        let ids = (0..<Int32(rows)).map { $0 }
        let x = tape.embedding(table, ids, rows: RowSpace(count: rows))
        let losses = tape.linearCrossEntropy(
            x, table, targets: ids, weights: [Float](repeating: 1, count: rows))
        tape.backward()
        return (tape, losses)
    }

    @Test("All memory comes back, and a second step asks the system for none")
    func steady() {
        let backend = CPUBackend(threads: 2)
        _ = step(backend)
        #expect(backend.bytesInUse == 0)
        let peak = backend.bytesPeak
        #expect(peak >= 512 * 32 * 4 * 2)
        _ = step(backend)
        #expect(backend.bytesPeak == peak)
        #expect(backend.bytesInUse == 0)
    }

    @Test("Past the limit a tape fails without a crash, and works again once cleared")
    func limit() {
        let backend = CPUBackend(threads: 1)
        backend.memoryLimitBytes = 200_000
        let (tape, losses) = step(backend)
        #expect(tape.failure?.code == "out_of_memory")
        #expect(losses.allSatisfy { $0.isNaN })
        #expect(backend.bytesInUse == 0)
        backend.clearFailure()
        let (second, finite) = step(backend, rows: 4)
        #expect(second.failure == nil)
        #expect(finite.allSatisfy { $0.isFinite })
    }

    @Test("Memory is aligned to 64 bytes, also of empty tensors", arguments: [0, 1, 1000, 1 << 20])
    func alignment(count: Int) {
        let tensor = Tensor([count], backend: CPUBackend(threads: 1))
        #expect(UInt(bitPattern: tensor.pointer) % 64 == 0)
    }
}
