// How a product is cut into pieces that threads compute apart. K is never cut: each number of the
// result is one sum, whoever forms it.
internal import Tensor

struct TilePlan {
    private let product: Product
    private let rows: Int, columns: Int
    private let acrossColumns: Int
    let count: Int

    /// Multiplications in a piece that are worth handing to another thread.
    private static let piece = 1 << 18
    /// Pieces are at least this long where the product is, for the sake of packing: eight pieces cost
    /// some 7 % more than one (MiniLM's layers), and keep that many cores busy.
    private static let side = 128
    private static let piecesWanted = 8

    init(_ product: Product) {
        self.product = product
        var (rows, columns) = (product.m, product.n)
        while rows * columns * product.k > 2 * Self.piece, max(rows, columns) >= 2 * Self.side,
            Self.pieces(product, rows, columns) < Self.piecesWanted
                || rows * columns > 16 * Self.side * Self.side
        {
            if rows >= columns {
                rows = Self.half(rows)
            } else {
                columns = Self.half(columns)
            }
        }
        (self.rows, self.columns) = (rows, columns)
        acrossColumns = (product.n + columns - 1) / columns
        count = Self.pieces(product, rows, columns)
    }

    subscript(index: Int) -> Product {
        let (row, column) = (index / acrossColumns * rows, index % acrossColumns * columns)
        var tile = product
        tile.m = min(rows, product.m - row)
        tile.n = min(columns, product.n - column)
        tile.a += product.transposeA ? row : row * product.strideA
        tile.b += product.transposeB ? column * product.strideB : column
        tile.c += row * product.strideC + column
        return tile
    }

    private static func pieces(_ product: Product, _ rows: Int, _ columns: Int) -> Int {
        ((product.m + rows - 1) / rows) * ((product.n + columns - 1) / columns)
    }

    private static func half(_ size: Int) -> Int { (size / 2 + 15) / 16 * 16 }
}
