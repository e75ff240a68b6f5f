package import Tensor

/// Writes safetensors: little-endian header length, JSON header, raw tensors.
package struct SafetensorsWriter {
    /// Writes float32 tensors; see below.
    package static func write(
        _ path: String, metadata: [String: String], tensors: [(name: String, tensor: Tensor)]
    ) throws {
        try write(path, metadata: metadata, stored: tensors.map { StoredTensor($0, $1) })
    }

    /// Writes durably (temporary file, sync, rename, folder sync), straight from the tensors'
    /// memory; their order is kept.
    /// - Throws: `io` or `out_of_space`; nothing is left behind then.
    package static func write(
        _ path: String, metadata: [String: String], stored tensors: [StoredTensor]
    ) throws {
        var header = SafetensorsHeader()
        header.metadata = metadata
        var offset = 0
        for tensor in tensors {
            let end = offset + tensor.bytes.count
            precondition(header.entries[tensor.name] == nil && tensor.name != "__metadata__")
            header.entries[tensor.name] = SafetensorsHeader.Entry(
                dtype: tensor.dtype, shape: tensor.shape, range: (offset, end))
            offset = end
        }
        var bytes = header.bytes()
        bytes += [UInt8](repeating: 0x20, count: (8 - bytes.count % 8) % 8)

        var file = try DurableFile(path)
        try withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { try file.write($0) }
        try bytes.withUnsafeBytes { try file.write($0) }
        for tensor in tensors { try file.write(tensor.bytes) }
        try file.commit()
    }
}
