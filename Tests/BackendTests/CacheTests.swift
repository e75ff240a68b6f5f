import CPUBackend
import Tensor
import Testing

@Suite struct CacheTests {
    private static let lengths = [1, 9, 70]

    private struct Inputs {
        var q: [Float], k: [Float], v: [Float]
        init(_ rows: Int, seed: UInt64) {
            var noise = Noise(seed)
            (q, k, v) = (noise.array(rows * 24), noise.array(rows * 12), noise.array(rows * 12))
        }
    }

    /// Rows `ranges[i]` of sequence i, packed, through attention with caches.
    private func step(
        _ all: [Inputs], _ ranges: [Range<Int>], caches: [KeyValueCache], layer: Int,
        on backend: CPUBackend
    ) -> [[Float]] {
        func pack(_ path: KeyPath<Inputs, [Float]>, _ width: Int) -> Tensor {
            let values = zip(all, ranges).flatMap {
                $0[keyPath: path][$1.lowerBound * width..<$1.upperBound * width]
            }
            return Tensor(values, [values.count / width, width], backend: backend)
        }
        var next = 0
        let segments = ranges.map { range in
            defer { next += range.count }
            return next..<next + range.count
        }
        let tape = Tape(backend, recording: false)
        let y = tape.attention(
            pack(\.q, 24), pack(\.k, 12), pack(\.v, 12), segments: segments, heads: 4,
            keyValueHeads: 2, causal: true, caches: caches, layer: layer
        ).floats()
        return segments.map { Array(y[$0.lowerBound * 24..<$0.upperBound * 24]) }
    }

    @Test(
        "Prefill in parts and decoding equal one pass without a cache",
        arguments: BackendChoice.all)
    func equal(_ choice: BackendChoice) {
        let backend = choice.make()
        let inputs = Self.lengths.enumerated().map { Inputs($1 + 3, seed: UInt64($0)) }
        let caches = inputs.map { _ in
            KeyValueCache(layers: 2, width: 12, capacity: 4, backend: backend)
        }
        var outputs = inputs.map { _ in [Float]() }
        var parts = [Self.lengths.map { 0..<$0 }]
        for i in 0..<3 { parts.append(Self.lengths.map { $0 + i..<$0 + i + 1 }) }
        for ranges in parts {
            _ = step(inputs, ranges, caches: caches, layer: 0, on: backend)
            let y = step(inputs, ranges, caches: caches, layer: 1, on: backend)
            for i in y.indices {
                outputs[i] += y[i]
                caches[i].advance(by: ranges[i].count)
            }
        }
        for (input, output) in zip(inputs, outputs) {
            let expected = Reference.attention(
                input.q.map(Double.init), input.k.map(Double.init), input.v.map(Double.init),
                segments: [0..<input.q.count / 24], heads: 4, keyValueHeads: 2, dimension: 6,
                causal: true)
            expectClose(output, expected, tolerance: 1e-5, "cached")
        }
    }

    @Test("A truncated cache continues as if the rest had never been")
    func truncate() {
        let backend = CPUBackend(threads: 1)
        let inputs = [Inputs(6, seed: 1)]
        let cache = KeyValueCache(layers: 1, width: 12, capacity: 2, backend: backend)
        let decode = { (range: Range<Int>) in
            let y = self.step(inputs, [range], caches: [cache], layer: 0, on: backend)
            cache.advance(by: range.count)
            return y
        }
        _ = decode(0..<4)
        let first = decode(4..<5)
        cache.truncate(to: 4)
        #expect(decode(4..<5) == first)
        #expect(cache.length == 5)
    }
}
