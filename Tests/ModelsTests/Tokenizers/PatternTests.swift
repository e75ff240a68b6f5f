import Testing

@testable import Models

@Suite("Patterns")
struct PatternTests {
    /// Spans from Oniguruma, through `tokenizers`' Split.
    @Test(
        "matches are those of the reference",
        arguments: [
            ("a+b", "aaab ab b", [[0, 4], [5, 7]]),
            ("a*?b|c", "aabc", [[0, 3], [3, 4]]),
            (" ?\\p{L}+|\\s+(?!\\S)", " ab  cd ", [[0, 3], [3, 4], [4, 7], [7, 8]]),
            ("(?i:'s|K)", "'S k \u{212A} '\u{17F}", [[0, 2], [3, 4], [5, 8], [9, 12]]),
            ("[^\\r\\n\\p{L}]{1,2}", "12345a\n", [[0, 2], [2, 4], [4, 5]]),
            ("\\d{3}(?=x)", "1234x", [[1, 4]]),
            ("(?>a|ab)c", "abc ac", [[4, 6]]),
            ("a++a|b", "aab", [[2, 3]]),
            ("[\u{4E00}-\u{9FA5}]+", "x日本y", [[1, 7]]),
            ("\\p{Han}", "a日", [[1, 4]]),
            ("^a|b$", "a\nab", [[0, 1], [2, 3], [3, 4]]),
            ("[a-c&&[^b]]+", "abcca", [[0, 1], [2, 5]]),
            ("\\{2\\}|x{2}", "{2}xx", [[0, 3], [3, 5]]),
        ] as [(String, String, [[Int]])])
    func reference(_ pattern: String, _ text: String, _ spans: [[Int]]) throws {
        #expect(try matches(pattern, text) == spans)
    }

    @Test(
        "what is not supported is refused by name",
        arguments: [
            "(a", "a)", "[a", "(?<=a)b", "(?<name>a)", "\\1", "*a", "a{1,999}", "a{1,4000000000}",
            "a{99999999999999999999}", "(a|b*)*",
            "\\p{Odd}",
            "(?=a*)b", "[[:alpha:]]", "\\", "(?>a+)b",
        ])
    func refused(_ pattern: String) {
        #expect(throws: ModelError.self) { try PatternProgram(pattern, "here") }
    }

    @Test(
        "time is linear, also where backtracking would be quadratic or worse",
        arguments: [
            "a*b|a", "(a|aa)+b|a", "a+a+a+b|a", "a*?b|a", "a++b|a", "(?:a?){20}b|a", " +\\n|a",
        ])
    func linear(_ pattern: String) throws {
        let text = String(repeating: "a", count: 50_000) + String(repeating: " ", count: 50_000)
        let clock = ContinuousClock()
        let start = clock.now
        #expect(try matches(pattern, text).count == 50_000)
        #expect(clock.now - start < .seconds(60))
    }

    @Test("the scanners by hand agree with the patterns that they stand for")
    func scanners() throws {
        let patterns = [
            #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
                + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
                + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
        ]
        let alphabet = [
            "a", "S", "'", "s", "ſ", "ll", "1", "½", " ", "\n", "\r", "\t", "\u{A0}", "\u{85}", "é",
            "日", "!", "👍", "e\u{301}", "\u{200B}", "\u{378}",
        ]
        var random = SplitMix64(seed: 7)
        for pattern in patterns {
            let shape = try #require(WordShape(pattern: pattern))
            for _ in 0..<400 {
                var text = (0..<12).map { _ in alphabet[Int(random.next() % 21)] }.joined()
                let words = text.withUTF8 { bytes in
                    var words = Run<Match>()
                    shape.words(in: bytes, Match(begin: 0, end: UInt32(bytes.count)), &words)
                    return words.elements.map { [Int($0.begin), Int($0.end)] }
                }
                #expect(try matches(pattern, text) == words, "\(text.debugDescription)")
            }
        }
    }
}
