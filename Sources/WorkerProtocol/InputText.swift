/// What a model is to read: a text, two texts, or token ids.
package struct InputText: Codable, Sendable, Equatable {
    package var text: String
    package var pair: String?
    /// In the place of texts.
    package var tokens: [Int32]?

    package init(_ text: String, pair: String? = nil) {
        self.text = text
        self.pair = pair
    }

    package init(tokens: [Int32]) {
        text = ""
        self.tokens = tokens
    }

    /// At least as many as its tokens.
    package var size: Int { tokens?.count ?? text.utf8.count + (pair?.utf8.count ?? 0) }
}
