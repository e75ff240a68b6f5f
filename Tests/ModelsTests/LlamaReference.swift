import Foundation

@testable import Models

/// Llama as its article and llama.cpp's file layout describe it, in double precision, one number
/// at a time: reads the GGUF file's own tensors and rotates neighbouring pairs.
struct LlamaReference {
    private let file: GGUFFile
    private let c: BackboneConfiguration

    init(_ path: String) throws {
        file = try GGUFFile(path)
        c = try Architectures.read(file).configuration
    }

    private func values(_ name: String) -> [Double] {
        guard let tensor = file.tensors[name] else { return [] }
        return (0..<tensor.shape.reduce(1, *)).map {
            Double(
                file.file.bytes.loadUnaligned(
                    fromByteOffset: tensor.range.lowerBound + 4 * $0, as: Float.self))
        }
    }

    private func product(_ matrix: String, _ x: [Double]) -> [Double] {
        let weights = values(matrix)
        return (0..<weights.count / x.count).map { row in
            x.indices.reduce(0) { $0 + weights[row * x.count + $1] * x[$1] }
        }
    }

    private func norm(_ x: [Double], _ gain: String) -> [Double] {
        let weights = values(gain)
        let mean = x.reduce(0) { $0 + $1 * $1 } / Double(x.count)
        return x.indices.map { x[$0] * weights[$0] / (mean + Double(c.normEpsilon)).squareRoot() }
    }

    private func rotated(_ x: [Double], _ position: Int) -> [Double] {
        var y = x
        for i in stride(from: 0, to: x.count, by: 2) {
            let pair = Double(i % c.headDimension)
            let angle =
                Double(position) * pow(10_000, -pair / Double(c.headDimension))
            y[i] = x[i] * cos(angle) - x[i + 1] * sin(angle)
            y[i + 1] = x[i] * sin(angle) + x[i + 1] * cos(angle)
        }
        return y
    }

    /// Logits after the last token.
    func logits(_ tokens: [Int32]) -> [Double] {
        let embedding = values("token_embd.weight")
        var rows = tokens.map { token in
            Array(embedding[Int(token) * c.width..<(Int(token) + 1) * c.width])
        }
        for layer in 0..<c.layers {
            func name(_ part: String) -> String { "blk.\(layer).\(part).weight" }
            let h = rows.map { norm($0, name("attn_norm")) }
            let q = h.enumerated().map { rotated(product(name("attn_q"), $1), $0) }
            let k = h.enumerated().map { rotated(product(name("attn_k"), $1), $0) }
            let v = h.map { product(name("attn_v"), $0) }
            for n in rows.indices {
                let mixed = (0..<c.heads).flatMap { attend(q[n], k[...n], v[...n], head: $0) }
                rows[n] = zip(rows[n], product(name("attn_output"), mixed)).map(+)
                let g = norm(rows[n], name("ffn_norm"))
                let gate = product(name("ffn_gate"), g).map { $0 / (1 + exp(-$0)) }
                let up = product(name("ffn_up"), g)
                rows[n] = zip(
                    rows[n], product(name("ffn_down"), zip(gate, up).map { $0 * $1 })
                ).map(+)
            }
        }
        return product("token_embd.weight", norm(rows[rows.count - 1], "output_norm.weight"))
    }

    private func attend(
        _ q: [Double], _ k: ArraySlice<[Double]>, _ v: ArraySlice<[Double]>, head: Int
    ) -> [Double] {
        let d = c.headDimension
        let shared = head / (c.heads / c.keyValueHeads) * d
        let scores = k.map { key in
            (0..<d).reduce(0) { $0 + q[head * d + $1] * key[shared + $1] } / Double(d).squareRoot()
        }
        let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
        let total = weights.reduce(0, +)
        return (0..<d).map { i in
            zip(weights, v).reduce(0) { $0 + $1.0 * $1.1[shared + i] } / total
        }
    }
}
