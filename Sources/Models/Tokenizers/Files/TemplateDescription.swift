import JSON

/// A template of a first and a last token around each text, as a tokenizer.json has it.
enum TemplateDescription {
    static func make(
        bos: (text: String, id: Int32)?, eos: (text: String, id: Int32)?
    ) -> JSON {
        guard bos != nil || eos != nil else { return .null }
        func special(_ token: (text: String, id: Int32)?, _ type: Int64) -> [JSON] {
            token.map {
                [["SpecialToken": ["id": .string($0.text), "type_id": .integer(type)]]]
            } ?? []
        }
        func part(_ name: String, _ type: Int64) -> [JSON] {
            special(bos, type)
                + [["Sequence": ["id": .string(name), "type_id": .integer(type)]]]
                + special(eos, type)
        }
        var named = JSONObject()
        for token in [bos, eos].compactMap({ $0 }) {
            named[token.text] = [
                "id": .string(token.text), "ids": [.integer(Int64(token.id))],
                "tokens": [.string(token.text)],
            ]
        }
        return [
            "type": "TemplateProcessing", "single": .array(part("A", 0)),
            "pair": .array(part("A", 0) + part("B", 1)), "special_tokens": .object(named),
        ]
    }
}
