import CPUBackend
import Tensor
import TestSupport
import Testing

@testable import Models

/// Goldens of SmolLM2-135M-Instruct Q4_1: ids of Hugging Face `tokenizers` with the file's own
/// vocabulary, logits of PyTorch's forward pass over the same dequantised weights.
@Suite("SmolLM2-135M", .enabled(if: RealModel.isPresent), .serialized)
struct RealModelTests {
    @Test("token ids are exact")
    func tokens() throws {
        let bpe = try Tokenizers.load(gguf: GGUFFile(RealModel.path))
        let expected: [(String, [Int32])] = [
            ("The capital of France is", [504, 3575, 282, 4649, 314]),
            (
                "Once upon a time, there was a little",
                [6403, 1980, 253, 655, 28, 665, 436, 253, 1838]
            ),
            ("a  b   c", [81, 216, 278, 256, 265]),
            ("\t\ttab\tx ", [197, 197, 15999, 197, 104, 216]),
            ("  5  67 ", [256, 37, 256, 38, 39, 216]),
            ("naïve café cafe\u{301}", [3546, 46494, 37366, 1020, 4565, 151, 219]),
            ("日本語の", [23274, 115, 40993, 179, 120, 248, 26453]),
            ("a\u{A0}b\u{2003}c", [81, 15442, 82, 321, 221, 83]),
            ("👨‍👩", [10813, 235, 118, 321, 231, 10813, 235, 119]),
            ("<|im_start|>user", [44, 108, 306, 79, 3738, 108, 46, 4093]),
        ]
        for (text, ids) in expected {
            #expect(bpe.encode(text, parseSpecial: false) == ids, "\(text)")
        }
        #expect(bpe.endTokens == [0, 2] && bpe.endOfTurn == 2 && bpe.vocabularySize == 49152)
        // The vocabulary has no token for some control bytes: they are dropped.
        #expect(
            bpe.encode("\u{4}a\u{6}", parseSpecial: true) == bpe.encode("a", parseSpecial: true))
    }

    @Test("the chat template adds its own system prompt, ids are exact")
    func chat() throws {
        let model = try Model(base: RealModel.path, backend: CPUBackend(threads: 0))
        let hi = [ChatMessage(role: "user", content: "Hi there")]
        #expect(
            try model.promptTokens(hi, format: "chat") == [
                1, 9690, 198, 2683, 359, 253, 5356, 5646, 11173, 3365, 3511, 308, 34519, 28, 7018,
                411, 407, 19712, 8182, 2, 198, 1, 4093, 198, 26843, 665, 2, 198, 1, 520, 9531, 198,
            ])
        let talk = [
            ChatMessage(role: "system", content: "Be brief."),
            ChatMessage(role: "user", content: " What is 2+2? "),
            ChatMessage(role: "assistant", content: "4"),
            ChatMessage(role: "user", content: "\nThanks"),
        ]
        #expect(
            try model.promptTokens(talk, format: "chat") == [
                1, 9690, 198, 6077, 5453, 30, 2, 198, 1, 4093, 198, 1812, 314, 216, 34, 27, 34, 47,
                216, 2, 198, 1, 520, 9531, 198, 36, 2, 198, 1, 4093, 198, 198, 16937, 2, 198, 1,
                520, 9531, 198,
            ])
    }

    @Test("the five largest logits agree to 0.05")
    func logits() throws {
        let backend = CPUBackend(threads: 0)
        let model = try Model(base: RealModel.path, backend: backend)
        #expect(model.backbone.configuration.parameterCount == 134_515_008)
        let expected: [(prompt: [Int32], top: [(Int, Float)])] = [
            (
                [504, 3575, 282, 4649, 314],
                [(7042, 17.371), (260, 14.889), (4528, 13.245), (2250, 13.009), (1315, 12.952)]
            ),
            (
                [6403, 1980, 253, 655, 28, 665, 436, 253, 1838],
                [(8180, 17.551), (3102, 17.058), (6560, 15.064), (5432, 14.988), (7706, 14.952)]
            ),
        ]
        let batch = PackedBatch(expected.map { (task: 0, tokens: $0.prompt) })
        let tape = Tape(backend, recording: false)
        let hidden = model.backbone.hiddenStates(batch, caches: nil, on: tape)
        let last = tape.gather(
            hidden, batch.segments.map { Int32($0.upperBound - 1) }, rows: RowSpace(count: 2))
        let logits = tape.linear(last, model.backbone.outputProjection)
        for (row, item) in expected.enumerated() {
            for (token, value) in item.top {
                #expect(abs(logits.pointer[row * 49152 + token] - value) < 0.05)
            }
            let others = (0..<49152).filter { token in !item.top.contains { $0.0 == token } }
            let largest = others.map { logits.pointer[row * 49152 + $0] }.max() ?? 0
            #expect(largest < (item.top.last?.1 ?? 0) + 0.05)
        }
    }
}
