import JSON
import Testing

@Suite("JSON is parsed strictly")
struct ParseTests {
    @Test(
        "well-formed text becomes its value",
        arguments: [
            ("null", .null), (" true ", true), ("false", false), ("0", 0), ("-0", 0),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(0x1p63)),
            ("1.0", 1.0), ("-1.5e3", -1500.0), ("1E+2", 100.0), ("1e-400", 0.0),
            ("123456789012345678901234567890", .number(0x1.8ee90ff6c373ep+96)),
            ("2.2250738585072014e-308", .number(.leastNormalMagnitude)), ("0.1", 0.1),
            (#""""#, ""), (#""a\/b\"\\\b\f\n\r\t""#, "a/b\"\\\u{8}\u{c}\n\r\t"),
            (#""\u00e9\ud83d\ude00\u0000""#, "é😀\0"), ("\"é😀\u{7f}\"", "é😀\u{7f}"),
            ("[]", []), ("[1,[],{}]", [1, [], [:]]), ("{}", [:]),
            ("\t{ \"b\" : [ ] ,\r\n\"a\":1 }", ["b": [], "a": 1]),
        ] as [(String, JSON)])
    func wellFormed(text: String, expected: JSON) throws {
        #expect(try JSON.parse(text) == expected)
    }

    @Test(
        "malformed text is refused with the reason and the byte offset",
        arguments: [
            ("", .empty, 0), ("  ", .empty, 2), ("nul", .unexpectedEnd, 3),
            ("nule", .unexpectedByte, 3), ("NaN", .unexpectedByte, 0),
            ("-Infinity", .invalidNumber, 0), ("[1e400]", .numberOutOfRange, 1),
            ("-1e400", .numberOutOfRange, 0), ("01", .invalidNumber, 0),
            ("-", .invalidNumber, 0), ("1.", .invalidNumber, 0), ("1e", .invalidNumber, 0),
            ("+1", .unexpectedByte, 0), (".5", .unexpectedByte, 0), ("0x1", .trailingBytes, 1),
            ("1 2", .trailingBytes, 2), ("{} \u{0}", .trailingBytes, 3),
            ("[1,]", .unexpectedByte, 3), ("{\"a\":1,}", .unexpectedByte, 7),
            ("{a:1}", .unexpectedByte, 1), ("[1", .unexpectedEnd, 2),
            ("\"a", .unexpectedEnd, 2), ("\"a\nb\"", .controlCharacter, 2),
            (#""\x""#, .invalidEscape, 1), (#""\u12G4""#, .invalidEscape, 1),
            (#""\ud800""#, .loneSurrogate, 1), (#""a\udc00""#, .loneSurrogate, 2),
            (#""\ud800\u0041""#, .loneSurrogate, 1), ("\u{feff}1", .byteOrderMark, 0),
            (#"{"a":1,"b":2,"a":3}"#, .duplicateName, 13),
            (#"{"a":1,"\u0061":3}"#, .duplicateName, 7),
        ] as [(String, JSONError.Code, Int)])
    func malformed(text: String, code: JSONError.Code, offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
        #expect(error?.code == code)
        #expect(error?.offset == offset)
        #expect(error?.message.hasSuffix("at byte \(offset)") == true)
    }

    @Test(
        "invalid UTF-8 is refused where it starts",
        arguments: [
            [0x80], [0xC0, 0xAF], [0xC1, 0x81], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xE2, 0x82], [0xC3], [0xFF], [0xC3, 0x28], [0xF0, 0x9F, 0x98, 0x28],
        ] as [[UInt8]])
    func invalidUTF8(sequence: [UInt8]) {
        let bytes = Array("[\"é".utf8) + sequence + Array("\"]".utf8)
        let error = #expect(throws: JSONError.self) { try JSON.parse(bytes) }
        #expect(error?.code == .invalidUTF8)
        #expect(error?.offset == 4)
    }

    @Test("every prefix of a document is refused")
    func prefixes() throws {
        let text = Array(#"{"a":[1,-2.5e3,"x\u00e9é"],"b":{"c":null,"d":true}}"#.utf8)
        _ = try JSON.parse(text)
        for length in text.indices {
            #expect(throws: JSONError.self) { try JSON.parse(text[..<length]) }
        }
    }

    @Test("nesting is limited, however deep the input")
    func nesting() throws {
        let allowed = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        _ = try JSON.parse(allowed)
        for text in [String(repeating: "[", count: 100_000), "[" + allowed + "]"] {
            let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
            #expect(error?.code == .tooDeep)
            #expect(error?.offset == 64)
        }
        let objects = String(repeating: "{\"a\":", count: 100_000)
        #expect(throws: JSONError.self) { try JSON.parse(objects, depthMax: 100_000) }
        _ = try JSON.parse("[[1]]", depthMax: 2)
        #expect(throws: JSONError.self) { try JSON.parse("[[1]]", depthMax: 1) }
    }

    @Test("names that differ in bytes are different, even if canonically equivalent")
    func canonicalEquivalence() throws {
        let value = try JSON.parse("{\"\u{e9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{e9}"] == 1)
        #expect(value["e\u{301}"] == 2)
    }

    @Test("wide objects find members and duplicates")
    func wideObjects() throws {
        let members = (0..<5000).map { "\"m\($0)\":\($0)" }
        let value = try JSON.parse("{" + members.joined(separator: ",") + "}")
        #expect(value["m4999"] == 4999)
        #expect(value["m5000"] == nil)
        #expect(value.object?.names.first == "m0")
        let error = #expect(throws: JSONError.self) {
            try JSON.parse("{" + (members + ["\"m7\":0"]).joined(separator: ",") + "}")
        }
        #expect(error?.code == .duplicateName)
    }
}
