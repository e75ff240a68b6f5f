/// BERT's `[CLS] a [SEP] b [SEP]` with types 0 and 1, or RoBERTa's `<s> a </s> </s> b </s>`, all
/// of type 0.
struct PairMarkers: PostProcessor {
    private let isBERT: Bool
    private let first: Int32
    private let separator: Int32
    let trimming: OffsetTrimming?

    init(_ field: TokenizerField, isBERT: Bool) throws {
        self.isBERT = isBERT
        first = try Self.id(field["cls"])
        separator = try Self.id(field["sep"])
        let trims = isBERT ? false : try field["trim_offsets"].bool(default: true)
        let addsPrefixSpace = try field["add_prefix_space"].bool(default: true)
        trimming = trims ? OffsetTrimming(addsPrefixSpace: addsPrefixSpace) : nil
    }

    /// A pair of text and id.
    private static func id(_ field: TokenizerField) throws -> Int32 {
        let pair = try field.elements(max: 2)
        guard pair.count == 2 else { throw field.wrong("a token and its id") }
        return Int32(try pair[1].integer(in: 0...Vocabulary.tokensMax))
    }

    func process(_ parts: [Encoding], addsSpecial: Bool) -> [Encoding] {
        var parts = parts
        if !isBERT { parts = parts.map { $0.withType(0) } }
        guard addsSpecial else { return parts }
        return parts.enumerated().map { index, part in
            let type: Int32 = isBERT && index > 0 ? 1 : 0
            let opening: [Int32] = index == 0 ? [first] : isBERT ? [] : [separator]
            return .special(opening, type: type) + part.withType(type)
                + .special([separator], type: type)
        }
    }

    var tokens: [Int32] { [first, separator] }

    func addedCount(isPair: Bool) -> Int { isPair ? (isBERT ? 3 : 4) : 2 }
}
