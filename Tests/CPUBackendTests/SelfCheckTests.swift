import CPUBackend
import Testing

@Suite struct SelfCheckTests {
    @Test("The products of this machine's OpenBLAS are right")
    func selfCheck() {
        #expect(CPUBackend.selfCheck() == nil)
    }

    @Test("The description of the numerics names kernels, library and threads")
    func numerics() {
        let numerics = CPUBackend(threads: 2, level: .baseline).numerics
        #expect(numerics.hasPrefix("kernels baseline, OpenBLAS 0."))
        #expect(numerics.hasSuffix(", 2 threads"))
    }
}
