// Writes small GGUF files for the tests, well-formed or not.

struct GGUFBuilder {
    var version: UInt32 = 3
    private(set) var metadata: [(key: String, bytes: [UInt8])] = []
    private(set) var tensors: [(name: String, shape: [Int], type: UInt32, data: [UInt8])] = []

    static func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    static func string(_ text: String) -> [UInt8] {
        bytes(UInt64(text.utf8.count)) + Array(text.utf8)
    }

    mutating func set(_ key: String, _ text: String) {
        metadata.append((key, Self.bytes(UInt32(8)) + Self.string(text)))
    }

    mutating func set(_ key: String, _ value: Int) {
        metadata.append((key, Self.bytes(UInt32(4)) + Self.bytes(UInt32(value))))
    }

    mutating func set(_ key: String, _ value: Float) {
        metadata.append((key, Self.bytes(UInt32(6)) + Self.bytes(value.bitPattern)))
    }

    mutating func set(_ key: String, _ values: [String]) {
        metadata.append(
            (
                key,
                Self.bytes(UInt32(9)) + Self.bytes(UInt32(8)) + Self.bytes(UInt64(values.count))
                    + values.flatMap { Self.string($0) }
            ))
    }

    mutating func set(_ key: String, _ values: [Int32]) {
        metadata.append(
            (
                key,
                Self.bytes(UInt32(9)) + Self.bytes(UInt32(5)) + Self.bytes(UInt64(values.count))
                    + values.flatMap { Self.bytes($0) }
            ))
    }

    /// A value given as its raw bytes, type included.
    mutating func setRaw(_ key: String, _ bytes: [UInt8]) {
        metadata.append((key, bytes))
    }

    /// `shape` is row-major, outermost first.
    mutating func add(_ name: String, _ shape: [Int], type: UInt32, _ data: [UInt8]) {
        tensors.append((name, shape, type, data))
    }

    mutating func add(_ name: String, _ shape: [Int], _ values: [Float]) {
        add(name, shape, type: 0, values.flatMap { Self.bytes($0.bitPattern) })
    }

    func build(tensorCount: UInt64? = nil, offsets: [UInt64]? = nil) -> [UInt8] {
        var bytes = Array("GGUF".utf8) + Self.bytes(version)
        bytes += Self.bytes(tensorCount ?? UInt64(tensors.count))
        bytes += Self.bytes(UInt64(metadata.count))
        for (key, value) in metadata { bytes += Self.string(key) + value }
        var offset = 0
        for (index, tensor) in tensors.enumerated() {
            bytes += Self.string(tensor.name) + Self.bytes(UInt32(tensor.shape.count))
            for extent in tensor.shape.reversed() { bytes += Self.bytes(UInt64(extent)) }
            bytes += Self.bytes(tensor.type)
            bytes += Self.bytes(offsets?[index] ?? UInt64(offset))
            offset += (tensor.data.count + 31) / 32 * 32
        }
        func pad() { bytes += [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32) }
        pad()
        for tensor in tensors {
            bytes += tensor.data
            pad()
        }
        return bytes
    }
}
