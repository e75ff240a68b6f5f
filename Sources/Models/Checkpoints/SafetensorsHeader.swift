import FoundationEssentials

/// The JSON header of a safetensors file.
struct SafetensorsHeader: Codable {
    struct Entry: Codable {
        var dtype: String
        var shape: [Int]
        var dataOffsets: [Int]

        private enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    static let bytesMax = 100_000_000

    var metadata: [String: String] = [:]
    var entries: [String: Entry] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for name in container.allKeys {
            if name.stringValue == "__metadata__" {
                metadata = try container.decode([String: String].self, forKey: name)
            } else {
                entries[name.stringValue] = try container.decode(Entry.self, forKey: name)
            }
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        try container.encode(metadata, forKey: Name(stringValue: "__metadata__"))
        for (name, entry) in entries {
            try container.encode(entry, forKey: Name(stringValue: name))
        }
    }

    private struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
