import Tensor
import Testing

@testable import CPUBackend

/// Shapes around every border of the packed products: panels of 8 and 48, blocks of 384 depths,
/// jobs of 128 rows, strips of 1536 columns, depths that do not fit the packed memory at once; and
/// around 128, up to which a transposed B is read as it is.
@Suite struct ProductTests {
    static let shapes = [
        (48, 150, 150), (49, 97, 385), (128, 48, 384), (129, 47, 769), (517, 33, 65),
        (64, 1537, 30), (57, 1600, 400), (50, 577, 1850), (131, 203, 417), (23, 203, 417),
    ]

    @Test("Large products agree with double precision", arguments: shapes)
    func agrees(m: Int, n: Int, k: Int) {
        let backend = CPUBackend(threads: 2)
        for form in ProductForm.all {
            let operands = Operands(m: m, n: n, k: k, form: form)
            let result = operands.multiply(on: backend)
            // Entries are below 1: a sum of k products and k roundings errs by about √k·2⁻²⁴ each.
            let tolerance = 4e-7 * Double(k).squareRoot() * 4
            let worst = operands.errors(of: result).max() ?? .infinity
            #expect(worst <= tolerance, "\(form)")
        }
    }

    @Test(
        "Products of bfloat16 factors agree with double precision on rounded factors",
        .enabled(if: CPUBackend.precisions.contains(.bf16)),
        arguments: shapes.filter { $0.0 >= 48 })
    func agreesInBF16(m: Int, n: Int, k: Int) {
        let backend = CPUBackend(threads: 2)
        backend.precision = .bf16
        for form in ProductForm.all {
            let operands = Operands(m: m, n: n, k: k, form: form)
            let result = operands.multiply(on: backend)
            // Sums are float32 like above, so only their own rounding is left. (With factors that
            // are not rounded the error is some 2⁻⁹·√k.)
            let tolerance = 4e-7 * Double(k).squareRoot() * 4
            let worst = operands.rounded.errors(of: result).max() ?? .infinity
            #expect(worst <= tolerance, "\(form)")
            let one = CPUBackend(threads: 1)
            one.precision = .bf16
            #expect(operands.multiply(on: one) == result, "\(form)")
        }
    }

    @Test("Any number of threads gives the same bits", arguments: shapes)
    func threads(m: Int, n: Int, k: Int) {
        for form in ProductForm.all {
            let operands = Operands(m: m, n: n, k: k, form: form)
            let one = operands.multiply(on: CPUBackend(threads: 1))
            #expect(operands.multiply(on: CPUBackend(threads: 2)) == one, "\(form)")
            #expect(operands.multiply(on: CPUBackend(threads: 7)) == one, "\(form)")
        }
    }

    @Test("Rows outside the product keep what they hold")
    func borders() {
        let operands = Operands(m: 61, n: 100, k: 400, form: ProductForm.all[0], margin: 5)
        let result = operands.multiply(on: CPUBackend(threads: 2))
        for row in 0..<operands.m {
            let end = row * operands.strideC + operands.n
            #expect(result[end..<end + 5] == operands.c[end..<end + 5])
        }
    }
}

struct ProductForm: CustomStringConvertible {
    var transposeA: Bool, transposeB: Bool, accumulate: Bool
    var description: String { "A\(transposeA ? "ᵀ" : "")·B\(transposeB ? "ᵀ" : "")" }

    static let all = [(false, false), (false, true), (true, false), (true, true)].flatMap { a, b in
        [false, true].map { ProductForm(transposeA: a, transposeB: b, accumulate: $0) }
    }
}

struct Operands {
    let m: Int, n: Int, k: Int, form: ProductForm, strideC: Int
    var a: [Float], b: [Float], c: [Float]

    /// In −1…1 (xorshift, Marsaglia 2003), made once: debug builds are slow.
    private static let noise: [Float] = {
        var state: UInt32 = 2_463_534_242
        return (0..<1 << 21).map { _ in
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            return Float(Int32(bitPattern: state)) / 0x1p31
        }
    }()

    init(m: Int, n: Int, k: Int, form: ProductForm, margin: Int = 0) {
        (self.m, self.n, self.k, self.form, strideC) = (m, n, k, form, n + margin)
        (a, b, c) = (
            Array(Self.noise.prefix(m * k)), Array(Self.noise.suffix(k * n)),
            Array(Self.noise.dropFirst(99).prefix(m * strideC))
        )
    }

    /// With factors rounded to bfloat16, ties to even.
    var rounded: Operands {
        func nearest(_ x: Float) -> Float {
            let bits = x.bitPattern
            return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
        }
        var copy = self
        (copy.a, copy.b) = (a.map(nearest), b.map(nearest))
        return copy
    }

    func multiply(on backend: CPUBackend) -> [Float] {
        var (a, b, result) = (a, b, c)
        a.withUnsafeMutableBufferPointer { a in
            b.withUnsafeMutableBufferPointer { b in
                result.withUnsafeMutableBufferPointer { c in
                    guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress
                    else { return }
                    var product = Product(
                        a, transposeA: form.transposeA, b, transposeB: form.transposeB, into: c,
                        m: m, n: n, k: k, accumulate: form.accumulate)
                    product.strideC = strideC
                    backend.multiply(product)
                }
            }
        }
        return result
    }

    /// |result − double precision| in the corners of C and along a diagonal that meets every
    /// panel.
    func errors(of result: [Float]) -> [Double] {
        let corners = [(0, 0), (m - 1, 0), (0, n - 1), (m - 1, n - 1)]
        let diagonal = stride(from: 0, to: max(m, n), by: 5).map { ($0 * 7 % m, $0 % n) }
        return (corners + diagonal).map { i, j in
            var sum = form.accumulate ? Double(c[i * strideC + j]) : 0
            for l in 0..<k {
                let x = a[form.transposeA ? l * m + i : i * k + l]
                sum += Double(x) * Double(b[form.transposeB ? j * k + l : l * n + j])
            }
            return abs(sum - Double(result[i * strideC + j]))
        }
    }
}
