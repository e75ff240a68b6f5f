internal import CKernels
package import Tensor

extension CPUBackend {
    /// Up to this many rows, a product with a transposed second operand gains nothing by copying
    /// it first; with AVX-512's wider tiles, up to that many (SmolLM2's layers on Zen 4: a third
    /// less time for 17 rows than with panels, equal time for 130).
    private static let fewRowsMax = (usual: 16, wide: 128)
    /// Floats of B that a thread reads in one piece when rows are few.
    private static let fewRowsGrain = 32768

    package func multiply(_ product: Product) {
        guard product.m > 0, product.n > 0 else { return }
        if product.k == 0 {
            if !product.accumulate { clear(product) }
        } else if isOfFewRows(product) {
            multiplyFewRows(product)
        } else if let panels = packing, PackedProduct.pays(product) {
            PackedProduct(product, panels).run(on: pool)
        } else {
            let tiles = TilePlan(product)
            pool.run(tiles.count) { index, _ in BLAS.multiply(tiles[index]) }
        }
    }

    private func isOfFewRows(_ p: Product) -> Bool {
        let isWide = kernels.products != nil && (precision == .fp32 || !PackedProduct.pays(p))
        let rowsMax = isWide ? Self.fewRowsMax.wide : Self.fewRowsMax.usual
        return p.m <= rowsMax && !p.transposeA && p.transposeB
    }

    private func multiplyFewRows(_ p: Product) {
        let grain = max(4, Self.fewRowsGrain / p.k / 4 * 4)
        pool.run(p.n, grain: grain) { outputs in
            kernels.few_rows(
                p.a, p.strideA, p.b + outputs.lowerBound * p.strideB, p.strideB,
                p.c + outputs.lowerBound, p.strideC, p.m, outputs.count, p.k,
                p.accumulate ? 1 : 0)
        }
    }

    private func clear(_ p: Product) {
        for row in 0..<p.m { zero(p.c + row * p.strideC, p.n) }
    }

    package func addBias(_ y: Floats, _ bias: Floats, rows: Int, columns: Int) {
        pool.run(rows, grain: grainRows(columns)) {
            kernels.add_bias(y + $0.lowerBound * columns, bias, $0.count, columns)
        }
    }

    package func columnSums(
        _ x: Floats, rows: Int, columns: Int, into y: Floats, accumulate: Bool
    ) {
        pool.run(columns, grain: max(16, grainRows(rows) / 16 * 16)) {
            kernels.column_sums(
                x + $0.lowerBound, columns, rows, $0.count, y + $0.lowerBound, accumulate ? 1 : 0)
        }
    }
}
