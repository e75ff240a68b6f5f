// Keys and values of one sequence. A forward pass appends in every layer, then advances once.

/// Keys and values of one sequence, all layers, grown as it is decoded.
package final class KeyValueCache {
    /// Rows that are complete in every layer.
    package private(set) var length: Int = 0
    /// Those of other networks that read the same sequence before the one that this belongs to.
    package var earlier: [KeyValueCache] = []
    private let width: Int
    private let backend: any Backend
    private var layers: [(keys: Tensor, values: Tensor)]

    /// `width` is key-value heads × head dimension; `capacity` rows are allocated at once, more
    /// when they are needed.
    package init(layers: Int, width: Int, capacity: Int, backend: any Backend) {
        self.width = width
        self.backend = backend
        self.layers = (0..<layers).map { _ in
            (
                Tensor([max(capacity, 1), width], backend: backend),
                Tensor([max(capacity, 1), width], backend: backend)
            )
        }
    }

    /// Called once per forward pass after all layers appended their rows.
    package func advance(by rows: Int) { length += rows }

    /// Forgets rows from `length` on, to decode another continuation.
    package func truncate(to length: Int) {
        precondition(length >= 0 && length <= self.length, "a cache can only get shorter")
        self.length = length
        for cache in earlier { cache.truncate(to: length) }
    }

    /// Appends rows of a forward pass's keys and values to one layer.
    package func append(keys: Tensor, values: Tensor, rows: Range<Int>, layer: Int) {
        precondition(keys.width == width && values.width == width, "rows are \(width) wide")
        let start = rows.lowerBound * width
        _ = append(
            keys: keys.pointer + start, values: values.pointer + start, count: rows.count,
            layer: layer)
    }

    /// One layer's complete rows.
    func rows(layer: Int) -> (keys: Floats, values: Floats) {
        (layers[layer].keys.pointer, layers[layer].values.pointer)
    }

    /// Writes `count` rows after the complete ones; returns the layer's keys and values.
    func append(keys: Floats, values: Floats, count: Int, layer: Int) -> (Floats, Floats) {
        let needed = length + count
        if layers[layer].keys.rowCount < needed {
            let capacity = max(needed, 2 * layers[layer].keys.rowCount)
            layers[layer] = (
                grown(layers[layer].keys, to: capacity), grown(layers[layer].values, to: capacity)
            )
        }
        let (allKeys, allValues) = (layers[layer].keys.pointer, layers[layer].values.pointer)
        backend.copy(keys, to: allKeys + length * width, count * width)
        backend.copy(values, to: allValues + length * width, count * width)
        return (allKeys, allValues)
    }

    private func grown(_ tensor: Tensor, to capacity: Int) -> Tensor {
        let larger = Tensor([capacity, width], backend: backend)
        backend.copy(tensor.pointer, to: larger.pointer, length * width)
        return larger
    }
}
