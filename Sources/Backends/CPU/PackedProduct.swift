// Large products by packed panels: all threads pack B together, then each packs rows of A for
// itself and multiplies. A number of C is the same chain of additions however C is cut, so the
// cut may follow the number of threads.
internal import CKernels
internal import Tensor

struct PackedProduct {
    private let product: Product
    private let panels: Panels

    /// Multiplications below which packing does not pay.
    private static let workMin = 1 << 20
    /// Rows of C below which B, used once for each, is not worth packing.
    private static let rowsMin = 48

    static func pays(_ product: Product) -> Bool {
        product.m >= rowsMin && product.m * product.n * product.k >= workMin
    }

    init(_ product: Product, _ panels: Panels) {
        (self.product, self.panels) = (product, panels)
    }

    func run(on pool: ThreadPool) {
        let count = (product.k + panels.depthMax - 1) / panels.depthMax
        let depth = ((product.k + count - 1) / count).rounded(upTo: 4)
        for columns in (0..<product.n).pieces(of: Panels.columnsMax) {
            let width = columns.count.rounded(upTo: panels.columns)
            let depths = max(1, Panels.sharedFloats / (width * panels.lines(depth))) * depth
            for group in (0..<product.k).pieces(of: depths) {
                let blocks = group.pieces(of: depth)
                pack(columns, blocks, on: pool)
                multiply(columns, blocks, on: pool)
            }
        }
    }

    /// The blocks of B lie one after the other, each as panels of `panels.columns`.
    private func pack(_ columns: Range<Int>, _ blocks: [Range<Int>], on pool: ThreadPool) {
        let strips = columns.pieces(of: panels.columns)
        let width = strips.count * panels.columns
        pool.run(blocks.count * strips.count) { index, _ in
            let (block, strip) = (blocks[index / strips.count], strips[index % strips.count])
            let offset =
                panels.lines(block.lowerBound - blocks[0].lowerBound) * width
                + (strip.lowerBound - columns.lowerBound) * panels.lines(block.count)
            let across = product.transposeB
            let (column, depth) = (strip.lowerBound, block.lowerBound)
            panels.kernels.pack(
                product.b + (across ? column : depth) * product.strideB
                    + (across ? depth : column),
                product.strideB, across ? 1 : 0, 1, strip.count, block.count,
                panels.shared + offset)
        }
    }

    private func multiply(_ columns: Range<Int>, _ blocks: [Range<Int>], on pool: ThreadPool) {
        let width = columns.count.rounded(upTo: panels.columns)
        let rows = (0..<product.m).pieces(of: rowsOfJob(pool.threads))
        // Few rows are cut along the columns too, to have work for all threads.
        let parts = min(
            width / panels.columns, (2 * pool.threads + rows.count - 1) / rows.count)
        let strips = columns.pieces(
            of: ((width + parts - 1) / parts).rounded(upTo: panels.columns))
        pool.run(rows.count * strips.count) { index, thread in
            let (rows, strip) = (rows[index / strips.count], strips[index % strips.count])
            for block in blocks {
                pack(rows, block, into: panels.own[thread])
                let offset =
                    panels.lines(block.lowerBound - blocks[0].lowerBound) * width
                    + (strip.lowerBound - columns.lowerBound) * panels.lines(block.count)
                panels.kernels.multiply_block(
                    panels.own[thread], panels.shared + offset,
                    product.c + rows.lowerBound * product.strideC + strip.lowerBound,
                    product.strideC, rows.count, strip.count, block.count,
                    product.accumulate || block.lowerBound > 0 ? 1 : 0)
            }
        }
    }

    private func pack(_ rows: Range<Int>, _ block: Range<Int>, into panel: Floats) {
        let across = !product.transposeA
        let (row, depth) = (rows.lowerBound, block.lowerBound)
        panels.kernels.pack(
            product.a + (across ? row : depth) * product.strideA + (across ? depth : row),
            product.strideA, across ? 1 : 0, 0, rows.count, block.count, panel)
    }

    /// Some four jobs for each thread, unless that makes them small.
    private func rowsOfJob(_ threads: Int) -> Int {
        let fair = (product.m / (4 * threads)).rounded(upTo: panels.rows)
        return min(Panels.rowsMax, max(4 * panels.rows, fair))
    }
}

extension Range<Int> {
    /// Consecutive ranges of `size`, the last one perhaps shorter.
    fileprivate func pieces(of size: Int) -> [Range<Int>] {
        stride(from: lowerBound, to: upperBound, by: size).map {
            $0..<Swift.min($0 + size, upperBound)
        }
    }
}

extension Int {
    fileprivate func rounded(upTo multiple: Int) -> Int {
        (self + multiple - 1) / multiple * multiple
    }
}
