// The only caller of OpenBLAS.
internal import COpenBLAS
internal import Tensor

enum BLAS {
    /// On the calling thread alone.
    static func multiply(_ p: Product) {
        cblas_sgemm(
            CblasRowMajor, p.transposeA ? CblasTrans : CblasNoTrans,
            p.transposeB ? CblasTrans : CblasNoTrans, blasint(p.m), blasint(p.n), blasint(p.k), 1,
            p.a, blasint(p.strideA), p.b, blasint(p.strideB), p.accumulate ? 1 : 0, p.c,
            blasint(p.strideC))
    }
}
