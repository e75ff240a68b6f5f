import JSON
import Testing

@testable import Models

@Suite("Training byte pairs")
struct BytePairTrainerTests {
    private let texts = [
        "low low low low low lower lower newest newest newest newest newest newest widest widest widest",
        "the lowest of the newest, the widest of the low!", "aaaa aaaa aaa Tiếng Việt Tiếng Việt",
    ]

    /// Merges of `tokenizers` 0.23: BpeTrainer(vocab_size=280, min_frequency=2,
    /// special_tokens=["<|endoftext|>"], initial_alphabet=ByteLevel.alphabet()).
    @Test("merges are those of the reference")
    func reference() throws {
        var options = BytePairTrainer.Options()
        options.vocabularySize = 280
        var trainer = try BytePairTrainer(options)
        for text in texts { trainer.add(text) }
        let tokenizer = try trainer.train()
        let json = try JSON.parse(tokenizer.tokenizerJSON())
        let merges = try #require(json["model"]?["merges"]?.array).map { pair in
            (pair.array ?? []).compactMap(\.string).joined(separator: " ")
        }
        #expect(
            merges == [
                "e s", "es t", "l o", "lo w", "a a", "Ġ low", "e w", "n ew", "Ġ new", "Ġnew est",
                "d est", "h e", "i á", "i dest", "t he", "w idest", "Ġ widest", "Ġ the", "T iá",
                "V iá", "e r", "n g", "o f",
            ])
        #expect(tokenizer.vocabularySize == 280 && tokenizer.endOfTurn == 0)
        let text = "the lowest aaa Việt 日"
        #expect(tokenizer.decode(tokenizer.encode(text, parseSpecial: false)) == text)
        #expect(tokenizer.encode("<|endoftext|>", parseSpecial: true) == [0])
    }

    @Test("options that leave no room are refused")
    func refused() {
        var options = BytePairTrainer.Options()
        options.vocabularySize = 256
        #expect(throws: ModelError.self) { try BytePairTrainer(options) }
        options = BytePairTrainer.Options()
        options.specialTokens = ["<a>", "<a>"]
        #expect(throws: ModelError.self) { try BytePairTrainer(options) }
    }
}
