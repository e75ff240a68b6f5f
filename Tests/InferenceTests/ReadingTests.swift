import CPUBackend
import Models
import Tensor
import TestSupport
import Testing

@testable import Inference

/// Heads of an encoder, on a tiny BERT whose every letter is a token.
@Suite("Reading")
struct ReadingTests {
    private let folder: TemporaryFolder
    private let model: Model
    private let backend = CPUBackend(threads: 1)

    init() throws {
        folder = try TemporaryFolder()
        try TinyBERTFolder.write(folder.file("bert"))
        model = try Model(base: folder.file("bert"), backend: backend)
        for (task, kind) in [("pair", HeadKind.pairClassification), ("tags", .tokenClassification)]
        {
            model.addClassifier(
                HeadSpec(
                    task: task, kind: kind.rawValue, labels: ["a", "b"], format: "raw",
                    maxLength: 64), seed: 1)
        }
    }

    private func answers(
        _ task: String?, _ inputs: [ModelInput], truncate: Bool = false
    ) throws -> [ReadAnswer] {
        let part = Classification.Part(
            model: model, task: task, inputs: inputs, truncate: truncate)
        return try Classification.answers([part], backend: backend).parts[0]
    }

    @Test("a pair is read with its token types, the same alone and among others")
    func pairs() throws {
        let inputs: [ModelInput] = [.text("one", pair: "two"), .text("two", pair: "one")]
        let both = try answers("pair", inputs)
        #expect(both.map(\.tokens) == [9, 9])
        #expect(both[0].outputs != both[1].outputs)
        let tape = Tape(backend, recording: false)
        let read = model.inputTokens("one", "two")
        #expect(read.types.contains(1))
        let batch = PackedBatch([(task: 0, tokens: read.tokens)], types: [read.types])
        let hidden = model.backbone.hiddenStates(batch, caches: nil, on: tape)
        let alone = model.classify(
            hidden, segments: batch.segments, head: "pair", task: 0, on: tape
        ).floats()
        // Float32 sums in another order where rows share a product.
        #expect(zip(both[0].outputs, alone).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test("each word is answered at its first token, with its place in characters")
    func words() throws {
        let answer = try #require(try answers("tags", [.text("né, o'k 4.5!")]).first)
        #expect(answer.words == [0..<2, 2..<3, 4..<7, 8..<11, 11..<12])
        #expect(answer.outputs.count == 2 * answer.words.count)
        #expect(try answers("tags", [.text(" ")])[0].words.isEmpty)
        let tokens = model.wordTokens("ab c", words: [0..<2, 3..<4])
        #expect(tokens.places == [1, 3])
        #expect(model.wordTokens("ab c", words: [0..<2, 3..<4], tokensMax: 4).places == [1, nil])
    }

    @Test(
        "words are runs of letters and digits with what joins them; other signs stand alone",
        arguments: [
            ("Angela Merkel, 67.", ["Angela", "Merkel", ",", "67", "."]),
            ("O'Neil’s U.S. 3,000-5", ["O'Neil’s", "U.S", ".", "3,000-5"]),
            ("- a-", ["-", "a", "-"]), ("(x)", ["(", "x", ")"]), ("", []),
            ("\u{301}a", ["\u{301}a"]),
        ])
    func split(text: String, expected: [String]) {
        let bytes = Array(text.utf8)
        let words = Words.all(in: text)
        #expect(words.map { String(decoding: bytes[$0.bytes], as: UTF8.self) } == expected)
        let scalars = Array(text.unicodeScalars)
        for word in words {
            let size = scalars[word.characters].reduce(0) { $0 + $1.utf8.count }
            #expect(size == word.bytes.count)
        }
    }

    @Test("without a task the answer is a vector of length 1, of a text or of its token ids")
    func vectors() throws {
        let ids = model.inputTokens("one two").tokens
        let found = try answers(nil, [.text("one two"), .tokens(ids), .text("three")])
        #expect(found.allSatisfy { $0.outputs.count == 16 })
        for answer in found {
            #expect(abs(answer.outputs.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
        #expect(zip(found[0].outputs, found[1].outputs).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(zip(found[0].outputs, found[2].outputs).contains { abs($0 - $1) > 1e-3 })
        #expect(throws: ModelError.self) { try answers(nil, [.tokens([9999])]) }
        #expect(throws: ModelError.self) {
            try answers(nil, [.text(String(repeating: "a ", count: 99))])
        }
        #expect(
            try answers(nil, [.text(String(repeating: "a ", count: 99))], truncate: true)[0].tokens
                == 64)
    }
}
