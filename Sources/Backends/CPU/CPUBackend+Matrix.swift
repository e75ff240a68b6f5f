internal import CKernels
package import Tensor

extension CPUBackend {
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

    /// Whether copying the second operand gains nothing (SmolLM2's layers on Zen 4: a third less
    /// time for 17 rows than with panels, equal time for 130; MiniLM's on Zen 3: equal for 32).
    private func isOfFewRows(_ p: Product) -> Bool {
        // Panels that round are twice as fast.
        let isRounded = precision != .fp32 && PackedProduct.pays(p)
        return p.m <= kernels.few_rows_max && !isRounded && !p.transposeA && p.transposeB
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
