/// A text's tokens, and where its words begin among them.
package struct WordTokens: Sendable, Equatable {
    package var tokens: [Int32]
    /// The place of each word's first token; nil for a word that has none, or that was cut off.
    package var places: [Int?]
}

extension Model {
    /// A text as a head of tokens reads it.
    /// - Parameters:
    ///   - words: their bytes in the text, ascending.
    ///   - tokensMax: what is longer is cut.
    package func wordTokens(
        _ text: String, words: [Range<Int>], tokensMax: Int? = nil
    ) -> WordTokens {
        let encoding = tokenizer.encode(
            text, nil,
            options: EncodeOptions(addsSpecial: !backbone.isCausal, tokensMax: tokensMax))
        var places = words.map { _ in Int?.none }
        var next = 0
        for (place, bytes) in encoding.offsets.enumerated() where !encoding.isSpecial[place] {
            while next < words.count, words[next].upperBound <= bytes.lowerBound { next += 1 }
            // A token may reach into several words.
            var word = next
            while word < words.count, words[word].lowerBound < bytes.upperBound {
                if places[word] == nil { places[word] = place }
                word += 1
            }
        }
        return WordTokens(tokens: encoding.ids, places: places)
    }
}
