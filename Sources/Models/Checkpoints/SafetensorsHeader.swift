import JSON

/// The JSON header of a safetensors file.
struct SafetensorsHeader {
    struct Entry {
        var dtype: String
        var shape: [Int]
        /// Begin and end, counted from the end of the header.
        var range: (begin: Int, end: Int)
    }

    static let bytesMax = 100_000_000
    static let tensorsMax = 65_536
    static let dimensionsMax = 8
    private static let metadataKey = "__metadata__"

    var metadata: [String: String] = [:]
    var entries: [String: Entry] = [:]

    init() {}

    /// - Throws: `bad_model` naming what is wrong; before anything is built of a header of millions.
    init(_ bytes: UnsafeRawBufferPointer) throws {
        let objects = Self.objects(bytes)
        guard objects <= Self.tensorsMax else {
            throw Self.bad("the header has \(objects) objects, allowed are \(Self.tensorsMax)")
        }
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(bytes)
        } catch {
            throw Self.bad("the header is not the JSON it must be: \(error.message)")
        }
        guard let members = json.object?.members else { throw Self.bad("the header is no object") }
        for (name, value) in members {
            if name != Self.metadataKey {
                entries[name] = try Self.entry(value, name)
                continue
            }
            guard let texts = value.object?.members else { throw Self.bad("\(name) is no object") }
            for text in texts {
                guard let content = text.value.string else {
                    throw Self.bad("\(name) must hold strings, \(printable(text.name)) is none")
                }
                metadata[text.name] = content
            }
        }
    }

    /// Opening braces outside strings.
    private static func objects(_ bytes: UnsafeRawBufferPointer) -> Int {
        var (count, isText, isEscaped) = (0, false, false)
        for byte in bytes {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
            } else if byte == UInt8(ascii: "\"") {
                isText = true
            } else if byte == UInt8(ascii: "{") {
                count += 1
            }
        }
        return count
    }

    private static func entry(_ json: JSON, _ name: String) throws -> Entry {
        guard let dtype = json["dtype"]?.string, let shape = integers(json["shape"]),
            let offsets = integers(json["data_offsets"])
        else {
            throw bad(
                "the entry of tensor \(printable(name)) must have dtype, shape and data_offsets")
        }
        guard shape.count <= dimensionsMax else {
            throw bad(
                "tensor \(printable(name)) has \(shape.count) dimensions, allowed are "
                    + "\(dimensionsMax)")
        }
        guard offsets.count == 2 else {
            throw bad("tensor \(printable(name)) has \(offsets.count) offsets, not two")
        }
        return Entry(dtype: dtype, shape: shape, range: (offsets[0], offsets[1]))
    }

    private static func integers(_ json: JSON?) -> [Int]? {
        guard let values = json?.array else { return nil }
        let integers = values.compactMap { $0.integer.flatMap { Int(exactly: $0) } }
        return integers.count == values.count ? integers : nil
    }

    private static func bad(_ reason: String) -> ModelError {
        ModelError.badModel("safetensors: \(reason)")
    }

    /// In one order, so that equal files have equal bytes.
    func bytes() -> [UInt8] {
        func array(_ integers: [Int]) -> JSON { .array(integers.map { .integer(Int64($0)) }) }
        let texts = metadata.sorted { $0.key < $1.key }
            .map { (name: $0.key, value: JSON.string($0.value)) }
        let tensors = entries.sorted { $0.key < $1.key }.map { name, entry in
            let value: JSON = [
                "data_offsets": array([entry.range.begin, entry.range.end]),
                "dtype": .string(entry.dtype), "shape": array(entry.shape),
            ]
            return (name: name, value: value)
        }
        let all = [(name: Self.metadataKey, value: JSON.object(JSONObject(texts) ?? [:]))] + tensors
        return JSON.object(JSONObject(all) ?? [:]).bytes()
    }
}
