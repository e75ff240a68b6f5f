import Datasets
import JSON
import Testing

@Suite("CSV is read by RFC 4180")
struct CSVTests {
    @Test(
        "records become rows",
        arguments: [
            ("text,label\na,x\n", [["a", "x"]]),
            ("label,text\r\nx,a\r\ny,b", [["a", "x"], ["b", "y"]]),
            ("text,label\n\"a,b\",\"x\"\"y\"\"\"\n", [["a,b", "x\"y\""]]),
            ("text,label\n\"a\nb\r\nc\",x\n", [["a\nb\r\nc", "x"]]),
            ("id,text,label\n1, a ,x\n\n2,\"b\",y", [[" a ", "x"], ["b", "y"]]),
            ("\"text\",\"label\"\n\"a\",\"x\"", [["a", "x"]]),
        ])
    func records(text: String, expected: [[String]]) throws {
        let bytes = validate(.csv, text).bytes
        let rows = try bytes.split(separator: 0x0A).map { try Row(line: $0) }
        #expect(rows == expected.map { .labelled(text: $0[0], label: $0[1]) })
    }

    @Test("other headers give other formats")
    func headers() throws {
        #expect(try validate(.csv, "completion,prompt\nb,a").result.get().format == "completion")
        #expect(try validate(.csv, "text\na\n\"\"\"b\"\"\"").result.get().rows == 2)
    }

    @Test(
        "a malformed record is reported by the line on which it starts, and reading goes on",
        arguments: [
            ("text,label\n\"a\n\nb\",x\nc\n", 5, nil, "has 1 fields, the header has 2"),
            ("text,label\na,\n", 2, "label", "must not be empty"),
            ("text,label\na\"b,x\nc,d\n", 2, nil, "a quote in an unquoted field"),
            ("text,label\n\"a\"b,x\nc,d\n", 2, nil, "text after a closing quote"),
            ("text,label\na,x\n\"b,x\n\n", 3, nil, "a quote is not closed"),
            (
                "text,label\na\rb,x\n", 2, nil,
                "a carriage return without line feed outside quotes"
            ),
            ("label,id\na,b\n", 1, "text", "missing in the header"),
            ("prompt,id\na,b\n", 1, "completion", "missing in the header"),
            ("text,text\na,b\n", 1, nil, "the header names a column twice"),
            (
                "a,b\n1,2\n", 1, nil,
                "the header needs the columns `text` and `label`, or `prompt` and `completion`, or "
                    + "`text`, or `text` and `score`, or `text` and `text_pair` and `label`; rows "
                    + "with lists of labels, tags or messages come as JSON lines"
            ),
        ] as [(String, Int, String?, String)])
    func malformed(text: String, line: Int, column: String?, message: String) {
        let problems = failure(validate(.csv, text).result)?.problems
        #expect(problems == [RowProblem(line: line, column: column, message: message)])
    }

    @Test("a record that never ends stays within its limit")
    func endless() {
        var limits = DatasetLimits()
        limits.rowBytesMax = 10
        for text in ["text,label\n\"aaaaaaaaaaaaa\nb,x\n", "text,label\n,,,,,,,,,,,,,,\n"] {
            let problems = failure(validate(.csv, text, limits).result)?.problems
            #expect(problems?.first?.message == "the record is longer than 10 bytes")
            #expect(problems?.first?.line == 2)
        }
    }
}
