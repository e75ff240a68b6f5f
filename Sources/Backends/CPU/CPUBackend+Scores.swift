// Sums of squared (or absolute) products over samples. A tile of the sum stays in the second cache
// while all samples pass by; their products never leave the first.
internal import CKernels
package import Tensor

extension CPUBackend {
    private static let tileRows = 128
    /// A multiple of every panel's columns.
    private static let tileColumns = 192

    package func addScores(_ product: ScoreProduct) {
        let samples = product.samples.filter { !$0.isEmpty }
        guard let deepest = samples.map(\.count).max(), product.m > 0, product.n > 0 else { return }
        let down = (product.m + Self.tileRows - 1) / Self.tileRows
        let across = (product.n + Self.tileColumns - 1) / Self.tileColumns
        let panels = packing.flatMap { deepest <= $0.depthMax ? $0 : nil }
        let floats = Self.tileColumns * (panels?.lines(deepest) ?? Self.tileRows)
        withScratch(threads * floats) { scratch in
            pool.run(down * across) { index, thread in
                let own = scratch + thread * floats
                let (row, column) = (
                    index / across * Self.tileRows, index % across * Self.tileColumns
                )
                let rows = row..<min(row + Self.tileRows, product.m)
                let columns = column..<min(column + Self.tileColumns, product.n)
                for sample in samples {
                    if let panels {
                        score(product, sample, rows, columns, panels, panels.own[thread], own)
                    } else {
                        score(product, sample, rows, columns, own)
                    }
                }
            }
        }
    }

    private func score(
        _ product: ScoreProduct, _ sample: Range<Int>, _ rows: Range<Int>, _ columns: Range<Int>,
        _ panels: Panels, _ left: Floats, _ right: Floats
    ) {
        panels.kernels.pack(
            product.a + sample.lowerBound * product.m + rows.lowerBound, product.m, 0, 0,
            rows.count, sample.count, left)
        panels.kernels.pack(
            product.b + sample.lowerBound * product.n + columns.lowerBound, product.n, 0, 1,
            columns.count, sample.count, right)
        panels.kernels.score_block(
            left, right, product.sum + rows.lowerBound * product.n + columns.lowerBound, product.n,
            rows.count, columns.count, sample.count, product.factor,
            product.form == .magnitude ? 1 : 0)
    }

    /// The same by OpenBLAS into a tile of its own.
    private func score(
        _ product: ScoreProduct, _ sample: Range<Int>, _ rows: Range<Int>, _ columns: Range<Int>,
        _ tile: Floats
    ) {
        var part = Product(
            product.a + sample.lowerBound * product.m + rows.lowerBound, transposeA: true,
            product.b + sample.lowerBound * product.n + columns.lowerBound, into: tile,
            m: rows.count, n: columns.count, k: sample.count)
        (part.strideA, part.strideB) = (product.m, product.n)
        BLAS.multiply(part)
        for row in 0..<rows.count {
            kernels.add_scores(
                tile + row * columns.count, product.factor, product.form == .magnitude ? 1 : 0,
                columns.count,
                product.sum + (rows.lowerBound + row) * product.n + columns.lowerBound)
        }
    }
}
