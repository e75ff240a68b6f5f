import CPUBackend
import Glibc

/// The matrix library: which it is, whether it computes right.
enum BLASCheck {
    static func findings() -> [Finding] {
        let numerics = CPUBackend().numerics
        let core = getenv("OPENBLAS_CORETYPE").map { String(cString: $0) }
        let what = core.map { "\(numerics) (OPENBLAS_CORETYPE=\($0))" } ?? numerics
        if let problem = CPUBackend.selfCheck() {
            return [
                .fail(
                    "blas", "\(what): wrong results: \(problem)",
                    "set OPENBLAS_CORETYPE=Haswell, or install another OpenBLAS")
            ]
        }
        guard core == nil else {
            return [
                .ok("blas", what),
                .warn(
                    "blas core", "OPENBLAS_CORETYPE chooses the kernels",
                    "unset it to let OpenBLAS use the best ones of this processor"),
            ]
        }
        return [.ok("blas", "\(what), products checked")]
    }
}
