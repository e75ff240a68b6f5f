import Glibc

/// The k largest of many values without sorting them all.
enum TopSelection {
    /// Indices, largest value first, ties by index. O(V log k).
    static func largest(_ k: Int, of values: UnsafeBufferPointer<Float>) -> [Int] {
        let k = min(k, values.count)
        guard k > 0 else { return [] }
        // A min-heap of the k best so far; its root is the one to beat.
        var heap: [Int] = []
        func isWorse(_ a: Int, _ b: Int) -> Bool {
            values[a] < values[b] || (values[a] == values[b] && a > b)
        }
        func sink(_ start: Int) {
            var parent = start
            while true {
                var child = 2 * parent + 1
                guard child < heap.count else { return }
                if child + 1 < heap.count, isWorse(heap[child + 1], heap[child]) { child += 1 }
                guard isWorse(heap[child], heap[parent]) else { return }
                heap.swapAt(child, parent)
                parent = child
            }
        }
        heap = Array(0..<k)
        for parent in stride(from: k / 2 - 1, through: 0, by: -1) { sink(parent) }
        var i = k
        while i < values.count {
            if values[i] > values[heap[0]] {
                heap[0] = i
                sink(0)
            }
            i += 1
        }
        return heap.sorted { isWorse($1, $0) }
    }
}

/// Log-probabilities of logits.
struct LogSoftmax {
    private let values: UnsafeBufferPointer<Float>
    private let logTotal: Double

    init(_ logits: UnsafeBufferPointer<Float>) {
        values = logits
        let peak = logits[Sampler.largest(logits)]
        var total = 0.0
        var i = 0
        while i < logits.count {
            total += Double(expf(logits[i] - peak))
            i &+= 1
        }
        logTotal = Double(peak) + log(total)
    }

    subscript(index: Int) -> Double { Double(values[index]) - logTotal }
}
