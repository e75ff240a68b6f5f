// Some OpenBLAS builds compute wrong products on processors newer than they are.
internal import COpenBLAS
internal import Glibc
internal import Tensor

extension CPUBackend {
    /// Compares BLAS products of several shapes with naive loops; nil when right, else what is
    /// wrong. Takes milliseconds.
    package static func selfCheck() -> String? {
        openblas_set_num_threads(1)
        let shapes = [(1, 1, 1), (3, 5, 7), (16, 64, 64), (65, 47, 130), (192, 130, 33)]
        for (m, n, k) in shapes {
            for transposeA in [false, true] {
                for transposeB in [false, true] {
                    for accumulate in [false, true] {
                        let check = ProductCheck(
                            m: m, n: n, k: k, transposeA: transposeA, transposeB: transposeB,
                            accumulate: accumulate)
                        if let problem = check.run() { return problem }
                    }
                }
            }
        }
        return nil
    }
}

private struct ProductCheck {
    let m: Int, n: Int, k: Int
    let transposeA: Bool, transposeB: Bool, accumulate: Bool

    func run() -> String? {
        var state: UInt32 = 12345
        var next: Float {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(state >> 8) / Float(1 << 23) - 1
        }
        var a = (0..<m * k).map { _ in next }
        var b = (0..<k * n).map { _ in next }
        let c = (0..<m * n).map { _ in next }
        var result = c
        a.withUnsafeMutableBufferPointer { a in
            b.withUnsafeMutableBufferPointer { b in
                result.withUnsafeMutableBufferPointer { c in
                    guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress
                    else { return }
                    BLAS.multiply(
                        Product(
                            a, transposeA: transposeA, b, transposeB: transposeB, into: c, m: m,
                            n: n, k: k, accumulate: accumulate))
                }
            }
        }
        return compare(result, a, b, c)
    }

    private func compare(_ result: [Float], _ a: [Float], _ b: [Float], _ c: [Float]) -> String? {
        // Operands are below 1, so a sum of k products errs by less than k·2⁻²⁴·√k or so.
        let tolerance = 1e-6 * Double(k + 8)
        for i in 0..<m {
            for j in 0..<n {
                var sum = accumulate ? Double(c[i * n + j]) : 0
                for l in 0..<k {
                    let x = Double(transposeA ? a[l * m + i] : a[i * k + l])
                    sum += x * Double(transposeB ? b[j * k + l] : b[l * n + j])
                }
                let difference = abs(sum - Double(result[i * n + j]))
                if !(difference <= tolerance) { return problem(difference) }
            }
        }
        return nil
    }

    private func problem(_ difference: Double) -> String {
        let core = String(cString: openblas_get_corename())
        let shape =
            "\(m)×\(k)\(transposeA ? " (transposed)" : "") by "
            + "\(k)×\(n)\(transposeB ? " (transposed)" : "")"
        return "OpenBLAS (core type \(core)) computes wrong products on this processor: \(shape) "
            + "is off by \(difference); set OPENBLAS_CORETYPE=Haswell or install another version"
    }
}
