/// Requests as they come on the wire, shared by the tests of the parser.
enum ParserVectors {
    static let head = "GET / HTTP/1.1\r\nHost: h\r\n"

    /// Complete and valid.
    static let accepted: [String] = [
        head + "\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: h:80\r\n\r\n",
        "GET /a?b=c%20d HTTP/1.1\r\nhOST:\t[::1]:8080 \r\nX-Empty:\r\n\r\n",
        "GET http://other:1/x?y HTTP/1.1\r\nHost: h\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 005\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + head + "\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n"
            + "00000000000000A\r\n0123456789\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3;a;b=c ; d = \"q\\\"\t\u{E9}\" ;e\r\nabc\r\n0;z\r\nX-Sum: 1\r\n\r\n" + head
            + "\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\nx",
        head + "Connection: a, CLOSE ,b\r\n\r\n",
        head + "\r\n" + head + "\r\n" + head + "\r\n",
    ]

    /// Refused, with the status; nothing after it may be parsed.
    static let refused: [(text: String, code: Int)] =
        framing + lines + fields + targets + chunks

    private static let framing: [(text: String, code: Int)] = [
        (head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (head + "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400),
        (head + "Content-Length: 3, 3\r\n\r\n", 400),
        (head + "Content-Length: +3\r\n\r\n", 400),
        (head + "Content-Length: -0\r\n\r\n", 400),
        (head + "Content-Length: 0x3\r\n\r\n", 400),
        (head + "Content-Length: 1_0\r\n\r\n", 400),
        (head + "Content-Length: 3 3\r\n\r\n", 400),
        (head + "Content-Length:\r\n\r\n", 400),
        (head + "Content-Length: 99999999999999999999\r\n\r\n", 400),
        (head + "Content-Length: \u{FF15}\r\n\r\n", 400),
        (head + "Transfer-Encoding: gzip, chunked\r\n\r\n", 400),
        (head + "Transfer-Encoding: chunked, chunked\r\n\r\n", 400),
        (head + "Transfer-Encoding: chunked, identity\r\n\r\n", 400),
        (head + "Transfer-Encoding: ,chunked\r\n\r\n", 400),
        (head + "Transfer-Encoding: chunked;q=1\r\n\r\n", 400),
        (head + "Transfer-Encoding: \u{B}chunked\r\n\r\n", 400),
        (head + "Transfer-Encoding: chun\u{212A}ed\r\n\r\n", 400),
        (head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (head + "Expect: 200-ok\r\n\r\n", 417),
    ]

    private static let lines: [(text: String, code: Int)] = [
        ("GET / HTTP/1.1\nHost: h\n\n", 400),
        (head + "A: b\n\r\n", 400),
        (head + "A: b\rC: d\r\n\r\n", 400),
        (head + "A: b\r\n\n", 400),
        ("\r\n\r\n" + head + "\r\n", 400),
        ("get / HTTP/1.1\r\nHost: h\r\n\r\n", 501),
        ("BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 501),
        ("CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", 501),
        ("TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", 501),
        ("G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400),
        (" GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /\r\n\r\n", 400),
        ("GET / http/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("\u{16}\u{3}\u{1}\u{2}", 400),
    ]

    private static let fields: [(text: String, code: Int)] = [
        (head + "A : b\r\n\r\n", 400),
        (head + ": b\r\n\r\n", 400),
        (head + "A\r\n\r\n", 400),
        (head + "A: b\r\n c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400),
        (head + "A: b\u{0}c\r\n\r\n", 400),
        (head + "A: b\u{7F}c\r\n\r\n", 400),
        (head + "A\u{E9}: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        (head + "Host: h\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h:x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h:65536\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
    ]

    private static let targets: [(text: String, code: Int)] = [
        ("GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /\u{E9} HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET http://u@h/x HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ]

    private static let chunks: [(text: String, code: Int)] = [
        "+5\r\nhello\r\n", "-5\r\nhello\r\n", "0x5\r\nhello\r\n", "1_0\r\n", " 5\r\nhello\r\n",
        "5 \r\nhello\r\n", "\r\nhello\r\n", "g\r\n", "00000000000000005\r\nhello\r\n",
        "FFFFFFFFFFFFFFFF\r\n", "5\nhello\r\n", "5\rhello", "5\r\nhelloX", "5\r\nhello\n",
        "5\r\nhello\rX", "5;\r\nhello\r\n", "5;a=\r\n", "5;a b\r\n", "5;a=\"x\r\n", "5;\u{1}\r\n",
        "0\r\nContent-Length: 3\r\n\r\n", "0\r\nHost: h\r\n\r\n", "0\r\nA : b\r\n\r\n",
        "0\r\nA: b\n\r\n", "0\r\n x\r\n\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ].map { (head + "Transfer-Encoding: chunked\r\n\r\n" + $0, 400) }
}
