import TestSupport

@testable import HTTP

/// The server's promises on the wire, one case each.
enum WireCases {
    private static func get(_ path: String, _ lines: String = "") -> String {
        RawConnection.get(path, lines)
    }
    private static func post(_ lines: String, _ body: String = "") -> String {
        RawConnection.post("/echo", lines, body)
    }
    private static let chunked = "Transfer-Encoding: chunked\r\n"

    static let all: [WireCase] =
        framing + targets + otherProtocols + methods + bodies + pipelines + limits

    private static let framing: [WireCase] = [
        .refused(
            "length and coding", post("Content-Length: 3\r\n\(chunked)", "0\r\n\r\n"), 400),
        .refused(
            "coding and length", post("\(chunked)Content-Length: 5\r\n", "0\r\n\r\n"), 400),
        .refused("two lengths", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400),
        .refused("list of lengths", post("Content-Length: 3, 3\r\n", "abc"), 400),
        .refused("signed length", post("Content-Length: +3\r\n", "abc"), 400),
        .refused("negative length", post("Content-Length: -1\r\n"), 400),
        .refused("hexadecimal length", post("Content-Length: 0x3\r\n", "abc"), 400),
        .refused("empty length", post("Content-Length: \r\n"), 400),
        .refused("length beyond 64 bits", post("Content-Length: 18446744073709551617\r\n"), 400),
        .served("leading zeros", post("Content-Length: 00000000000000000000003\r\n", "abc")),
        .refused("bare LF", "GET / HTTP/1.1\nHost: h\n\n", 400),
        .refused("bare LF after a field", "GET / HTTP/1.1\r\nHost: h\nA: b\r\n\r\n", 400),
        .refused("bare CR", "GET / HTTP/1.1\r\nHost: h\r\nA: b\rC: d\r\n\r\n", 400),
        .refused("CR CR LF", "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n", 400),
        .refused("folding", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", 400),
        .refused("folding with a tab", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\tc\r\n\r\n", 400),
        .refused("space before the colon", get("/", "A : b\r\n"), 400),
        .refused("space before a length's colon", post("Content-Length : 3\r\n", "abc"), 400),
        .refused("empty name", get("/", ": b\r\n"), 400),
        .refused("no colon", get("/", "A\r\n"), 400),
        .refused("NUL in a value", get("/", "A: b\u{0}c\r\n"), 400),
        .refused("control byte in a value", get("/", "A: b\u{1}c\r\n"), 400),
        .refused("DEL in a value", get("/", "A: b\u{7F}c\r\n"), 400),
        .refused("bracket in a name", get("/", "A[]: b\r\n"), 400),
        .refused("byte above ASCII in a name", get("/", "\u{E9}: b\r\n"), 400),
        .served("bytes above ASCII in a value", get("/", "A: \u{E9}\r\n")),
        .served("empty value", get("/", "A:\r\n")),
        .refused("gzip before chunked", post("Transfer-Encoding: gzip, chunked\r\n"), 400),
        .refused("chunked, then identity", post("Transfer-Encoding: chunked, identity\r\n"), 400),
        .refused("identity", post("Transfer-Encoding: identity\r\n"), 400),
        .refused("empty coding", post("Transfer-Encoding: \r\n"), 400),
        .refused("empty member", post("Transfer-Encoding: ,chunked\r\n"), 400),
        .refused("parameter of chunked", post("Transfer-Encoding: chunked;a=b\r\n"), 400),
        .refused("vertical tab", post("Transfer-Encoding: \u{B}chunked\r\n"), 400),
        .refused("Kelvin sign", post("Transfer-Encoding: chun\u{212A}ed\r\n"), 400),
        .refused("chunked twice", post(chunked + chunked, "0\r\n\r\n"), 400),
        .refused(
            "coding in 1.0", "POST /echo HTTP/1.0\r\n\(chunked)\r\n0\r\n\r\n", 400),
        .served("Chunked in other case", post("transfer-encoding: CHUNKED\r\n", "0\r\n\r\n")),
    ]

    private static func host(_ value: String) -> String {
        "GET / HTTP/1.1\r\nHost:\(value)\r\n\r\n"
    }

    private static func line(_ line: String) -> String { "\(line)\r\nHost: h\r\n\r\n" }

    private static let targets: [WireCase] =
        [
            " ", " a b", " a,b", " u@h", " h/x", " h:x", " h:65536", " [::1", " ::1", " h?", " h#",
            " []", " [..]", " [:::]", " [1:2:3:4:5:6:7:8:9]", " [::1]x", " h%41", "\u{E9}",
        ]
        .map { .refused("Host:\($0)", host($0), 400) } + [
            .refused("no Host", "GET / HTTP/1.1\r\n\r\n", 400),
            .refused("two Hosts", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400),
            .served("host and port", host(" h:80")),
            .served("IPv6 host", host(" [::1]:80")),
            .refused("fragment", line("GET /#a HTTP/1.1"), 400),
            .refused("space", line("GET /a b HTTP/1.1"), 400),
            .refused("tab", line("GET /a\tb HTTP/1.1"), 400),
            .refused("control byte", line("GET /\u{1} HTTP/1.1"), 400),
            .refused("byte above ASCII", line("GET /\u{E9} HTTP/1.1"), 400),
            .refused("asterisk in GET", line("GET * HTTP/1.1"), 400),
            .refused("no slash", line("GET a HTTP/1.1"), 400),
            .refused("two spaces", line("GET  / HTTP/1.1"), 400),
            .refused("trailing space", line("GET / HTTP/1.1 "), 400),
            .refused("leading space", line(" GET / HTTP/1.1"), 400),
            .refused("tab between", line("GET\t/\tHTTP/1.1"), 400),
            .refused("no version", line("GET /"), 400),
            .refused("lower-case version", line("GET / http/1.1"), 400),
            .refused("version with more digits", line("GET / HTTP/1.10"), 400),
            .refused("version 1", line("GET / HTTP/1"), 400),
            .refused("version 3", line("GET / HTTP/3.0"), 505),
            .refused("absolute form with user", line("GET http://u@h/ HTTP/1.1"), 400),
            .refused("absolute form of another scheme", line("GET ftp://h/ HTTP/1.1"), 400),
            .served("absolute form", line("GET http://other/ HTTP/1.1")),
            .served("absolute form, no path", line("GET http://other HTTP/1.1")),
            .served("asterisk in OPTIONS", line("OPTIONS * HTTP/1.1"), [204]),
            .served("one empty line before", "\r\n" + get("/")),
            .refused("two empty lines before", "\r\n\r\n" + get("/"), 400),
            .served("empty line between", get("/") + "\r\n"),
            .served("dot segment is no route", line("GET /../ HTTP/1.1"), [400]),
            .served("encoded slash is no route", line("GET /after%2f1 HTTP/1.1"), [400]),
            .served("other case is no route", line("GET /Empty HTTP/1.1"), [404]),
            .served("double slash is no route", line("GET //empty HTTP/1.1"), [404]),
            .served("parameter is no route", line("GET /empty;x HTTP/1.1"), [404]),
        ]

    private static let otherProtocols: [WireCase] = [
        .refused("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        .refused("TLS greeting", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", 400),
        .refused("SSH greeting", "SSH-2.0-client\r\n", 400),
        .refused("HTTP/0.9", "GET /\r\n", 400),
        .refused("NULs", "\u{0}\u{0}\u{0}\u{0}", 400),
        .refused("SMTP", "EHLO example\r\n", 400),
        WireCase(
            "HTTP/1.0 closes", "GET / HTTP/1.0\r\n\r\n" + get("/"), [200], closes: true),
        .served(
            "HTTP/1.0 kept alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        WireCase(
            "keep-alive and close", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
            [200], closes: true),
        WireCase(
            "nothing is served after close", get("/", "Connection: close\r\n") + get("/"), [200],
            closes: true),
    ]

    private static let methods: [WireCase] = [
        .refused("CONNECT", line("CONNECT h:443 HTTP/1.1"), 501),
        .refused("TRACE", line("TRACE / HTTP/1.1"), 501),
        .refused("unknown method", line("BREW / HTTP/1.1"), 501),
        .refused("lower-case method", line("get / HTTP/1.1"), 501),
        .refused("method is no token", line("G@T / HTTP/1.1"), 400),
        .served("method the path has not", line("DELETE / HTTP/1.1"), [405]),
        .served("OPTIONS", line("OPTIONS / HTTP/1.1"), [204]),
    ]

    private static var getWithChunks: WireCase {
        var wire = WireCase.served(
            "GET with chunks", get("/", chunked) + "5\r\nGET /\r\n0\r\n\r\n")
        wire.mayEndEarly = true
        return wire
    }

    private static let bodies: [WireCase] =
        [
            "+3\r\nabc\r\n0\r\n\r\n", "-3\r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n",
            "3_0\r\n", " 3\r\nabc\r\n0\r\n\r\n", "3 \r\nabc\r\n0\r\n\r\n", "\r\nabc\r\n",
            "00000000000000003\r\nabc\r\n0\r\n\r\n", "3\nabc\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n",
            "3\r\nabcd\r\n0\r\n\r\n", "3\r\nab\r\n0\r\n\r\n", "3;\r\nabc\r\n0\r\n\r\n",
            "3;a=\"b\r\nabc\r\n0\r\n\r\n", "3;a b\r\nabc\r\n0\r\n\r\n", "FFFFFFFFFFFFFFFF\r\nabc",
            "0\r\nContent-Length: 5\r\n\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n",
            "0\r\nHost: h\r\n\r\n", "0\r\nA : b\r\n\r\n", "0\r\nA: b\n\r\n", "0\r\n\n",
            "0\r\nAuthorization: x\r\n\r\n", "0\r\nWWW-Authenticate: x\r\n\r\n",
            "0\r\ncontent-LANGUAGE: x\r\n\r\n", "0\r\nPragma: no-cache\r\n\r\n",
            "3;\u{0}=b\r\nabc\r\n0\r\n\r\n", "G\r\n", ";a\r\n",
        ].map { .refused("chunks \($0.debugDescription)", post(chunked, $0), 400) } + [
            .served("chunks", post(chunked, "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n")),
            .served(
                "extensions", post(chunked, "3;a;b=c;d=\"e;\\\"\"\r\nabc\r\n0;z\r\n\r\n")),
            .served("trailers", post(chunked, "3\r\nabc\r\n0\r\nA: b\r\nC: d\r\n\r\n")),
            .served("sixteen digits", post(chunked, "0000000000000003\r\nabc\r\n0\r\n\r\n")),
            .served("no body", post("Content-Length: 0\r\n")),
            .served("GET with a body", get("/", "Content-Length: 5\r\n") + "GET /"),
            getWithChunks,
            .served(
                "answered early, small body",
                RawConnection.post("/refuse", "Content-Length: 3\r\n", "abc"), [401]),
            .served(
                "expectation with its body",
                post("Expect: 100-continue\r\nContent-Length: 3\r\n", "abc")),
            .served("expectation without a body", get("/", "Expect: 100-continue\r\n")),
            .served(
                "expectation in 1.0",
                "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n"
                    + "Content-Length: 3\r\n\r\nabc"),
            .refused("another expectation", post("Expect: 200-ok\r\nContent-Length: 3\r\n"), 417),
        ]

    private static func line(bytes count: Int) -> String {
        line("GET /" + String(repeating: "a", count: count - 14) + " HTTP/1.1")
    }
    private static func field(bytes count: Int) -> String {
        get("/", "A: " + String(repeating: "b", count: count - 3) + "\r\n")
    }
    /// With Host and its CRLFs, `count` bytes of fields in five lines.
    private static func fields(bytes count: Int) -> String {
        let long = "A: " + String(repeating: "b", count: 7997 - 2) + "\r\n"
        let rest = count - "Host: localhost\r\n".utf8.count - 4 * long.utf8.count
        return get(
            "/",
            String(repeating: long, count: 4) + "A: "
                + String(repeating: "b", count: rest - 5) + "\r\n")
    }
    private static func fields(_ count: Int) -> String {
        get("/", String(repeating: "A: b\r\n", count: count - 1))
    }
    private static func extensions(bytes count: Int) -> String {
        post(chunked, "3;" + String(repeating: "a", count: count - 2) + "\r\nabc\r\n0\r\n\r\n")
    }
    private static func trailers(_ count: Int) -> String {
        post(chunked, "0\r\n" + String(repeating: "A: b\r\n", count: count) + "\r\n")
    }

    /// Each limit to the byte, and one beyond it.
    private static let limits: [WireCase] = [
        .served("the longest request line", line(bytes: 8192), [404]),
        .refused("a longer request line", line(bytes: 8193), 414),
        .refused("a request line without end", String(repeating: "A", count: 8193), 414),
        .served("the longest field", field(bytes: 8192)),
        .refused("a longer field", field(bytes: 8193), 431),
        .served("the most bytes of fields", fields(bytes: 32_768)),
        .refused("one byte more of fields", fields(bytes: 32_769), 431),
        .served("a hundred fields", fields(100)),
        .refused("a hundred and one", fields(101), 431),
        .served("the longest extensions", extensions(bytes: 16_384)),
        .refused("longer extensions", extensions(bytes: 16_385), 400),
        .served("the most trailers beside two fields", trailers(98)),
        .refused("one trailer more", trailers(99), 431),
    ]

    private static let pipelines: [WireCase] = [
        .served(
            "upgrades are not taken up",
            get("/", "Connection: upgrade\r\nUpgrade: h2c, websocket\r\n")),
        WireCase(
            "forty in one write",
            String(repeating: get("/"), count: 39) + get("/", "Connection: close\r\n"),
            [Int](repeating: 200, count: 40), closes: true),
        .served(
            "mixed",
            get("/after/20") + post("Content-Length: 2\r\n", "hi") + get("/none")
                + line("DELETE / HTTP/1.1") + get("/empty") + get("/stream"),
            [200, 200, 404, 405, 204, 200]),
        .served(
            "with and without tasks",
            get("/after/5") + get("/plain") + get("/") + get("/plain"), [200, 200, 200, 200]),
        WireCase("kept open", get("/"), [200], closes: false),
    ]
}
