/// The tokens of a tokenizer as it writes them, model's and added ones, without holes.
struct Vocabulary: Sendable {
    static let tokensMax = 1 << 22
    static let tokenBytesMax = 1 << 14

    private(set) var table: TokenTable

    var count: Int { table.count }

    /// - Parameter entries: every id from 0 once, in any order.
    /// - Throws: `bad_model` for holes, ids or texts used twice, and tokens beyond the limits.
    init(_ entries: [(text: [UInt8], id: Int)]) throws {
        guard (1...Self.tokensMax).contains(entries.count) else {
            throw Self.bad("it has \(entries.count) tokens, allowed are 1 to \(Self.tokensMax)")
        }
        var places = [Int32](repeating: -1, count: entries.count)
        for (index, entry) in entries.enumerated() {
            guard entry.text.count <= Self.tokenBytesMax else {
                throw Self.bad(
                    "token \(entry.id) has \(entry.text.count) bytes, at most "
                        + "\(Self.tokenBytesMax) are allowed")
            }
            guard entry.id >= 0 else { throw Self.bad("id \(entry.id) is negative") }
            guard entry.id < entries.count else {
                // With n tokens an id beyond n - 1 leaves some id below without a token.
                throw Self.bad(
                    "it has holes: \(entries.count) tokens, but the id \(entry.id) is used")
            }
            guard places[entry.id] < 0 else { throw Self.bad("id \(entry.id) is used twice") }
            places[entry.id] = Int32(index)
        }
        table = TokenTable(capacity: entries.count)
        for (id, place) in places.enumerated()
        where !table.append(entries[Int(place)].text, findable: true) {
            let first = table.token(entries[Int(place)].text) ?? 0
            throw Self.bad("the tokens \(first) and \(id) have the same text")
        }
    }

    func text(of id: Int32) -> ArraySlice<UInt8>? {
        id >= 0 && id < count ? table.bytes(of: Int(id)) : nil
    }

    func id(of text: [UInt8]) -> Int32? { table.token(text) }

    func id(of text: String) -> Int32? { table.token(Array(text.utf8)) }

    private static func bad(_ reason: String) -> ModelError {
        ModelError.badModel("tokenizer: the vocabulary cannot be used: \(reason)")
    }
}
