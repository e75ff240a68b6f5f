package import Tensor

/// A tensor's bytes as a safetensors file holds them, little-endian.
package struct StoredTensor {
    package let name: String
    /// `F32`, `F16`, `BF16`, …
    package let dtype: String
    package let shape: [Int]
    let bytes: UnsafeRawBufferPointer
    /// Keeps the memory alive.
    let owner: AnyObject

    /// A tensor's float32 values.
    package init(_ name: String, _ tensor: Tensor) {
        self.init(
            name: name, dtype: "F32", shape: tensor.shape,
            bytes: UnsafeRawBufferPointer(start: tensor.pointer, count: 4 * tensor.count),
            owner: tensor)
    }

    /// The values of a matrix with rows and columns exchanged.
    package init(_ name: String, transposed tensor: Tensor) {
        let (rows, columns) = (tensor.shape[0], tensor.shape[1])
        let turned = Tensor([columns, rows], backend: tensor.backend)
        for row in 0..<rows {
            for column in 0..<columns {
                turned.pointer[column * rows + row] = tensor.pointer[row * columns + column]
            }
        }
        self.init(name, turned)
    }

    init(name: String, dtype: String, shape: [Int], bytes: UnsafeRawBufferPointer, owner: AnyObject)
    {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.bytes = bytes
        self.owner = owner
    }
}
