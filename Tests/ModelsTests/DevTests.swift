import Foundation
import Testing

@testable import Models

struct DevTests {
    struct Case: Codable { var text: String; var plain, special: [Int32]; var decoded: String }
    @Test func compare() throws {
        let t0 = Date()
        let file = try GGUFFile(RealModel.path)
        let t1 = Date()
        let bpe = try ByteLevelBPE(file)
        print("gguf", t1.timeIntervalSince(t0), "bpe", Date().timeIntervalSince(t1))
        let cases = try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: URL(fileURLWithPath: "/work/tmp/tok_cases.json")))
        var bad = 0
        for c in cases {
            let p = bpe.encode(c.text, parseSpecial: false), s = bpe.encode(c.text, parseSpecial: true)
            if p != c.plain || s != c.special {
                bad += 1
                if bad < 12 { print("BAD", c.text.debugDescription, p, c.plain, s == c.special) }
            }
        }
        print("cases", cases.count, "bad", bad)
        let t2 = Date()
        let n = bpe.encode(String(repeating: "a", count: 1 << 18), parseSpecial: true).count
        print("256 KiB word", n, Date().timeIntervalSince(t2))
        let t = try ChatTemplate(file.string("tokenizer.chat_template")!)
        for m in [[ChatMessage(role: "user", content: "Hi there")], [ChatMessage(role: "system", content: "Be brief."), ChatMessage(role: "user", content: " What is 2+2? "), ChatMessage(role: "assistant", content: "4"), ChatMessage(role: "user", content: "\nThanks")]] {
            print(try t.render(m, addGenerationPrompt: true).debugDescription, bpe.encode(try t.parts(m, addGenerationPrompt: true)))
        }
        #expect(bad == 0)
    }
}
