import Testing

@testable import HTTP

@Suite struct RequestParserTests {
    @Test(
        "A valid request parses the same whole, byte by byte, and cut at any one place",
        arguments: ParserVectors.accepted)
    func splitting(text: String) {
        let input = Array(text.utf8)
        let whole = ParserHarness.run(input)
        #expect(whole.last == .end)
        #expect(!whole.contains { if case .refused = $0 { true } else { false } })
        #expect(ParserHarness.run(input, pieces: [1]) == whole)
        for cut in 1..<input.count {
            #expect(ParserHarness.run(input, pieces: [cut, .max]) == whole)
        }
    }

    @Test(
        "A valid request cut short is neither refused nor completed beyond what came",
        arguments: ParserVectors.accepted)
    func truncation(text: String) {
        let input = Array(text.utf8)
        let whole = ParserHarness.run(input)
        for length in 0..<input.count {
            let events = ParserHarness.run(Array(input[..<length]))
            #expect(!events.contains { if case .refused = $0 { true } else { false } })
            #expect(events.count { $0 == .end } <= whole.count { $0 == .end })
            #expect(events != whole)
        }
    }

    @Test(
        "What two readers could read differently is refused, however it is split",
        arguments: ParserVectors.refused)
    func refusing(text: String, code: Int) {
        let input = Array((text + ParserVectors.head + "\r\n").utf8)
        let whole = ParserHarness.run(input)
        #expect(whole.last == .refused(code))
        #expect(ParserHarness.run(input, pieces: [1]) == whole)
        #expect(ParserHarness.run(input, pieces: [7]) == whole)
        #expect(ParserHarness.run(text + "X: y\r\n\r\n").last == .refused(code))
    }

    @Test("Bodies come out as they were framed")
    func bodies() {
        let events = ParserHarness.run(ParserVectors.accepted[10])
        #expect(events.dropFirst() == [.body(Array("hello0123456789".utf8)), .end])
        let two = ParserHarness.run(ParserVectors.accepted[9])
        #expect(two.count { $0 == .end } == 2)
    }

    @Test("Blanks around a value are no part of it; behind a credential they are")
    func blanks() throws {
        let text = "GET / HTTP/1.1\r\nHost:\t h \t\r\nA:\r\nAuthorization:  Bearer k \r\n\r\n"
        guard case .head(let head) = ParserHarness.run(text).first else {
            Issue.record("no head")
            return
        }
        #expect(head.fields.lines.map(\.value) == ["h", "", "Bearer k "])
    }

    @Test("The authority of an absolute target wins over Host")
    func absoluteForm() throws {
        guard case .head(let head) = ParserHarness.run(ParserVectors.accepted[3]).first else {
            Issue.record("no head")
            return
        }
        #expect(head.authority == "other:1")
        #expect(head.target.text == "/x?y")
    }

    @Test("Connection and version decide whether the connection lives on")
    func keepAlive() {
        let lives = ParserVectors.accepted.map { text -> Bool? in
            if case .head(let head)? = ParserHarness.run(text).first {
                head.keepsAlive
            } else {
                nil
            }
        }
        #expect(lives[0] == true && lives[5] == false && lives[6] == true && lives[13] == false)
    }

    @Test("Limits are decided before a line ends")
    func limits() {
        let line = "GET /" + String(repeating: "a", count: 8 * 1024)
        #expect(ParserHarness.run(line) == [.refused(414)])
        let exact =
            "GET /" + String(repeating: "a", count: 8192 - 14) + " HTTP/1.1\r\nHost: h\r\n\r\n"
        #expect(ParserHarness.run(exact).last == .end)
        let field = ParserVectors.head + "A: " + String(repeating: "b", count: 8190)
        #expect(ParserHarness.run(field) == [.refused(431)])
        let big = "B: " + String(repeating: "b", count: 8000) + "\r\n"
        let all = ParserVectors.head + String(repeating: big, count: 4) + String(big.prefix(780))
        #expect(ParserHarness.run(all) == [.refused(431)])
        let many = ParserVectors.head + String(repeating: "A: b\r\n", count: 100)
        #expect(ParserHarness.run(many) == [.refused(431)])
        let allowed = ParserVectors.head + String(repeating: "A: b\r\n", count: 99) + "\r\n"
        #expect(ParserHarness.run(allowed).last == .end)
    }

    @Test("Chunk extensions and trailers are bounded")
    func chunkLimits() {
        let start = ParserVectors.head + "Transfer-Encoding: chunked\r\n\r\n"
        let chunk = "1;" + String(repeating: "e", count: 1000) + "\r\nx\r\n"
        #expect(
            ParserHarness.run(start + String(repeating: chunk, count: 16)).last
                == .body(
                    Array(repeating: UInt8(ascii: "x"), count: 16)))
        #expect(
            ParserHarness.run(start + String(repeating: chunk, count: 17)).last == .refused(400))
        let trailers = start + "0\r\n" + String(repeating: "A: b\r\n", count: 99)
        #expect(ParserHarness.run(trailers).last == .refused(431))
    }

    @Test("Bytes above ASCII in values stay distinct")
    func latin() {
        var input = Array((ParserVectors.head + "A: ").utf8)
        input += [0xC3, 0x28, 0xFF] + Array("\r\n\r\n".utf8)
        guard case .head(let head)? = ParserHarness.run(input).first else {
            Issue.record("no head")
            return
        }
        #expect(head.fields["a"]?.unicodeScalars.map(\.value) == [0xC3, 0x28, 0xFF])
    }
}
