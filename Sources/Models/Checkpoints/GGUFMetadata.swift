/// Metadata entries of a GGUF file on their way out, in order.
struct GGUFMetadata {
    /// Key, type and value of each, as the file has them.
    private(set) var entries: [[UInt8]] = []

    private mutating func add(_ key: String, type: UInt32, _ value: (inout GGUFBytes) -> Void) {
        var entry = GGUFBytes()
        entry.append(key)
        entry.append(type)
        value(&entry)
        entries.append(entry.bytes)
    }

    private mutating func addArray(
        _ key: String, of type: UInt32, count: Int, _ values: (inout GGUFBytes) -> Void
    ) {
        add(key, type: 9) { entry in
            entry.append(type)
            entry.append(UInt64(count))
            values(&entry)
        }
    }

    /// An entry as another file has it.
    mutating func add(raw entry: [UInt8]) { entries.append(entry) }

    /// - Precondition: it fits 32 bits; sizes are checked where they are read.
    mutating func add(_ key: String, _ value: Int) {
        add(key, type: 4) { $0.append(UInt32(value)) }
    }

    mutating func add(_ key: String, _ value: Float) {
        add(key, type: 6) { $0.append(value.bitPattern) }
    }

    mutating func add(_ key: String, _ value: Bool) {
        add(key, type: 7) { $0.append(UInt8(value ? 1 : 0)) }
    }

    mutating func add(_ key: String, _ value: String) {
        add(key, type: 8) { $0.append(value) }
    }

    mutating func add(_ key: String, _ texts: [[UInt8]]) {
        addArray(key, of: 8, count: texts.count) { entry in
            for text in texts {
                entry.append(UInt64(text.count))
                entry.append(raw: text)
            }
        }
    }

    mutating func add(_ key: String, _ values: [UInt8]) {
        addArray(key, of: 0, count: values.count) { $0.append(raw: values) }
    }

    mutating func add(_ key: String, _ values: [Int32]) {
        addArray(key, of: 5, count: values.count) { entry in
            for value in values { entry.append(value) }
        }
    }

    mutating func add(_ key: String, _ values: [Float]) {
        addArray(key, of: 6, count: values.count) { entry in
            for value in values { entry.append(value.bitPattern) }
        }
    }
}
