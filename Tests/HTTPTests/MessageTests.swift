import Testing

@testable import HTTP

@Suite struct MessageTests {
    @Test("A field value cannot hold a line end, a field name must be a token")
    func injection() {
        var fields = Fields()
        fields["Location"] = "/a\r\nSet-Cookie: b\u{0}"
        fields.append("Bad Name", "x")
        fields.append("A\r\nB", "x")
        #expect(fields.lines == [.init(name: "Location", value: "/a  Set-Cookie: b ")])
    }

    @Test("Names compare by ASCII case only")
    func names() {
        var fields = Fields()
        fields.append("Link", "1")
        fields.append("LINK", "2")
        #expect(fields["link"] == "1" && fields.values(of: "lInK") == ["1", "2"])
        #expect(fields["lin\u{212A}"] == nil)
        fields["link"] = nil
        #expect(fields.lines.isEmpty)
    }

    @Test(
        "The host is the authority without port and brackets",
        arguments: [
            ("Example.COM:80", "example.com"), ("[::1]:8080", "::1"), ("127.0.0.1", "127.0.0.1"),
            ("", ""), ("localhost:", "localhost"),
        ])
    func host(authority: String, host: String) {
        #expect(Request(method: .get, path: "/", authority: authority).host == host)
    }

    @Test("Queries decode in order; broken ones do not decode")
    func queries() throws {
        let pairs = try #require(PercentDecoding.query("a=1&b=x+y%2B&a=&c"))
        #expect(pairs.map(\.name) == ["a", "b", "a", "c"])
        #expect(pairs.map(\.value) == ["1", "x y+", "", ""])
        #expect(PercentDecoding.query("a=%") == nil)
        #expect(PercentDecoding.query("a=%+1") == nil)
        #expect(PercentDecoding.query("a=%ff") == nil)
    }

    @Test("A handler cannot write the server's own lines")
    func reserved() {
        var fields = Fields()
        for name in ["Content-Length", "transfer-encoding", "Connection", "Date", "X-Request-Id"] {
            fields[name] = "evil"
        }
        fields["X-Mine"] = "1"
        var output: [UInt8] = []
        ResponseHead(framing: .absent, keepsAlive: true, isVersion10: false, requestID: "id")
            .write(Response(204, fields), date: Array("D".utf8), into: &output)
        #expect(
            String(decoding: output, as: UTF8.self) == """
                HTTP/1.1 204 No Content\r\nDate: D\r\nX-Mine: 1\r\n\
                X-Content-Type-Options: nosniff\r\nX-Request-Id: id\r\n\r\n
                """)
    }

    @Test("Numbers are written in decimal", arguments: [0, 7, 10, 999_999, 1_000_000, Int.max])
    func decimals(value: Int) {
        var output: [UInt8] = []
        output.append(decimal: value)
        #expect(String(decoding: output, as: UTF8.self) == String(value))
    }

    @Test("Dates are in the fixed form of RFC 9110")
    func dates() {
        // The example of RFC 9110 §5.6.7.
        #expect(HTTPDate.format(784_111_777) == Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8))
    }

    @Test(
        "Request ids are taken when harmless",
        arguments: [
            ("abc-1.Z_", true), ("", false), ("a b", false), ("a\"b", false),
            (String(repeating: "x", count: 64), true), (String(repeating: "x", count: 65), false),
        ])
    func identifiers(value: String, accepted: Bool) {
        #expect(RequestIdentifiers.isAcceptable(value) == accepted)
    }
}
