import FoundationEssentials
package import Tensor

/// Writes safetensors: little-endian header length, JSON header, raw tensors.
package struct SafetensorsWriter {
    /// Writes durably (temporary file, sync, rename, folder sync), straight from the tensors'
    /// memory. `tensors` are float32; their order is kept.
    /// - Throws: `io` or `out_of_space`; nothing is left behind then.
    package static func write(
        _ path: String, metadata: [String: String], tensors: [(name: String, tensor: Tensor)]
    ) throws {
        var header = SafetensorsHeader()
        header.metadata = metadata
        var offset = 0
        for (name, tensor) in tensors {
            let end = offset + 4 * tensor.count
            precondition(header.entries[name] == nil && name != "__metadata__")
            header.entries[name] = SafetensorsHeader.Entry(
                dtype: "F32", shape: tensor.shape, dataOffsets: [offset, end])
            offset = end
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = [UInt8](try encoder.encode(header))
        bytes += [UInt8](repeating: 0x20, count: (8 - bytes.count % 8) % 8)

        var file = try DurableFile(path)
        try withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { try file.write($0) }
        try bytes.withUnsafeBytes { try file.write($0) }
        for (_, tensor) in tensors {
            try file.write(UnsafeRawBufferPointer(start: tensor.pointer, count: 4 * tensor.count))
        }
        try file.commit()
    }
}
