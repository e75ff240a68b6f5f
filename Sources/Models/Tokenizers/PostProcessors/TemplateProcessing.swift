import JSON

/// Texts and special tokens in a given order, with given type ids.
struct TemplateProcessing: PostProcessor {
    private enum Piece: Sendable {
        case text(Int, type: Int32)
        case special([Int32], type: Int32)
    }

    private let single: [Piece]
    private let pair: [Piece]

    init(_ field: TokenizerField) throws {
        var special: [String: [Int32]] = [:]
        for (name, value) in field["special_tokens"].value.object?.members ?? [] {
            let ids = TokenizerField(
                value: value["ids"] ?? .null, path: "\(field.path).special_tokens.ids")
            special[name] = try ids.elements().map {
                Int32(try $0.integer(in: 0...Vocabulary.tokensMax))
            }
        }
        single = try Self.pieces(field["single"], special, texts: 1)
        pair = field["pair"].isNull ? [] : try Self.pieces(field["pair"], special, texts: 2)
    }

    private static func pieces(
        _ field: TokenizerField, _ special: [String: [Int32]], texts: Int
    ) throws -> [Piece] {
        try field.elements().map { piece in
            if piece["Sequence"].isNull {
                let name = try piece["SpecialToken"]["id"].string()
                guard let ids = special[name] else {
                    throw piece["SpecialToken"]["id"].wrong("one of special_tokens")
                }
                return .special(ids, type: try type(piece["SpecialToken"]))
            }
            let name = try piece["Sequence"]["id"].string()
            guard name == "A" || name == "B" && texts == 2 else {
                throw piece["Sequence"]["id"].unsupported(name, texts == 2 ? ["A", "B"] : ["A"])
            }
            return .text(name == "A" ? 0 : 1, type: try type(piece["Sequence"]))
        }
    }

    private static func type(_ field: TokenizerField) throws -> Int32 {
        Int32(try field["type_id"].integer(in: 0...1024))
    }

    func process(_ parts: [Encoding], addsSpecial: Bool) -> [Encoding] {
        (parts.count == 1 ? single : pair).compactMap { piece in
            switch piece {
            case .text(let index, let type): parts[min(index, parts.count - 1)].withType(type)
            case .special(let ids, let type):
                addsSpecial ? Encoding.special(ids, type: type) : nil
            }
        }
    }

    var tokens: [Int32] {
        (single + pair).flatMap { piece -> [Int32] in
            guard case .special(let ids, _) = piece else { return [] }
            return ids
        }
    }

    func addedCount(isPair: Bool) -> Int {
        (isPair ? pair : single).reduce(0) { count, piece in
            if case .special(let ids, _) = piece { count + ids.count } else { count }
        }
    }
}
