// A dense array on one backend. It knows its rows' owners, not how it was computed.

/// Memory of a backend, given back when the last tensor using it goes.
final class Buffer {
    let backend: any Backend
    let pointer: Floats
    let bytes: Int

    init(floats: Int, backend: any Backend) {
        self.backend = backend
        bytes = max(floats, 1) * MemoryLayout<Float>.stride
        pointer = backend.allocate(bytes).assumingMemoryBound(to: Float.self)
    }

    deinit { backend.release(pointer, bytes) }
}

/// A dense float32 row-major array. Owned by one thread, not Sendable.
package final class Tensor {
    package let shape: [Int]
    package let rows: RowSpace?
    package let count: Int
    private let buffer: Buffer
    /// Where the gradient with respect to this tensor is gathered; nil where none is wanted.
    var cell: GradientCell?
    /// How to compute the contents again, where that is cheaper than keeping them.
    var recipe: Recipe?

    /// Host memory, `count` floats, 64-byte aligned.
    package var pointer: UnsafeMutablePointer<Float> { buffer.pointer }
    package var backend: any Backend { buffer.backend }
    /// Rows of a `[N, …]` tensor and floats in each of them.
    var rowCount: Int { shape[0] }
    var width: Int { shape.dropFirst().reduce(1, *) }

    /// Uninitialised memory.
    package init(_ shape: [Int], rows: RowSpace? = nil, backend: any Backend) {
        precondition(!shape.isEmpty && shape.allSatisfy { $0 >= 0 }, "a shape has sizes ≥ 0")
        precondition(
            rows.map { $0.count == shape[0] } ?? true, "the row space must count the rows")
        self.shape = shape
        self.rows = rows
        count = shape.reduce(1, *)
        buffer = Buffer(floats: count, backend: backend)
    }

    package convenience init(_ values: [Float], _ shape: [Int], backend: any Backend) {
        self.init(shape, backend: backend)
        precondition(values.count == count, "\(values.count) values for shape \(shape)")
        for (i, value) in values.enumerated() { pointer[i] = value }
    }

    package func floats() -> [Float] {
        Array(UnsafeBufferPointer(start: pointer, count: count))
    }
}
