import Testing

@testable import Inference

@Suite("Streamed text")
struct TextStreamTests {
    /// Everything shown when the bytes arrive in pieces of `size`.
    private func shown(_ text: String, stop: [String], size: Int) -> (
        text: String, deltas: [String]
    ) {
        var stream = TextStream(stop: stop)
        var deltas: [String] = []
        let bytes = Array(text.utf8)
        for begin in stride(from: 0, to: bytes.count, by: size) {
            deltas.append(stream.append(Array(bytes[begin..<min(begin + size, bytes.count)])))
        }
        deltas.append(stream.finish())
        return (deltas.joined(), deltas)
    }

    @Test("a stop string is never shown, wherever its bytes are cut", arguments: 1...9)
    func stops(size: Int) {
        #expect(shown("one two END three", stop: ["END"], size: size).text == "one two ")
        #expect(shown("aab", stop: ["ab"], size: size).text == "a")
        #expect(shown("x🙂y", stop: ["🙂"], size: size).text == "x")
        #expect(shown("abcd", stop: ["cd", "bc"], size: size).text == "a")
        #expect(shown("almost EN", stop: ["END"], size: size).text == "almost EN")
        #expect(shown("stop first", stop: ["stop"], size: size).text == "")
        #expect(shown("nothing", stop: ["", "z"], size: size).text == "nothing")
    }

    @Test("characters come whole and nothing is lost", arguments: 1...5)
    func characters(size: Int) {
        let text = "Tiếng Việt 👨‍👩‍👧‍👦 漢字 é ok"
        let (whole, deltas) = shown(text, stop: ["never"], size: size)
        #expect(whole == text)
        #expect(!deltas.contains { $0.unicodeScalars.contains("\u{FFFD}") })
    }

    @Test("an unfinished character at the end is dropped, a broken one in the middle repaired")
    func broken() {
        var stream = TextStream(stop: [])
        #expect(stream.append([0x61, 0xF0, 0x9F, 0x99]) == "a")
        #expect(stream.finish() == "")
        var second = TextStream(stop: [])
        let bytes: [UInt8] = [0x61, 0xE6, 0x62, 0xFF, 0xC3, 0x28, 0xE0, 0x80, 0x63]
        let text = bytes.map { second.append([$0]) }.joined() + second.finish()
        #expect(text == String(decoding: bytes, as: UTF8.self))
    }
}
