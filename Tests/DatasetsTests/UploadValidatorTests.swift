import Datasets
import JSON
import Testing

@Suite("Uploads are validated while they stream")
struct UploadValidatorTests {
    @Test(
        "every row format of JSONL becomes canonical lines",
        arguments: [
            (#"{"label":"pos","id":7,"text":"a/b"}"#, #"{"text":"a/b","label":"pos"}"#, "labelled"),
            (#"{"text":"a","label":1}"#, #"{"text":"a","label":"1"}"#, "labelled"),
            (#"{"text":"a","label":true}"#, #"{"text":"a","label":"true"}"#, "labelled"),
            (
                #"{"prompt":"a","completion":"b"}"#, #"{"prompt":"a","completion":"b"}"#,
                "completion"
            ),
            (#"{"text":"\u00e9"}"#, #"{"text":"é"}"#, "text"),
            (
                #"{"messages":[{"role":"user","content":"q"},{"content":"a","role":"assistant"}]}"#,
                #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#,
                "messages"
            ),
        ])
    func formats(line: String, canonical: String, format: String) throws {
        let (bytes, result) = validate(.jsonl, line)
        #expect(String(decoding: bytes, as: UTF8.self) == canonical + "\n")
        #expect(try result.get().format == format)
        #expect(try result.get().bytes == bytes.count)
        let row = try Row(line: bytes.dropLast())
        #expect(row.json.text == canonical)
        #expect(row.format.rawValue == format)
    }

    @Test("the summary counts rows, labels, lengths, columns and exact duplicates")
    func summary() throws {
        let text = """
            {"text":"aa","label":"x","id":1}

            {"text":"bbbb","label":"y"}
            {"label":"x","text":"aa","other":2}
            """
        let summary = try validate(.jsonl, text).result.get()
        #expect(summary.rows == 3)
        #expect(summary.labels == ["x": 2, "y": 1])
        #expect(summary.columns == ["text", "label", "id", "other"])
        #expect(summary.duplicates == 1)
        #expect(summary.textLength == ["min": 2, "p50": 2, "p90": 4, "p99": 4, "max": 4])
    }

    @Test(
        "a malformed row is reported with its physical line and column",
        arguments: [
            (#"{"text":"a"}"#, "label", "missing"),
            (#"{"text":"a","label":null}"#, "label", "missing"),
            (#"{"text":" ","label":"x"}"#, "text", "must not be empty"),
            (#"{"text":3,"label":"x"}"#, "text", "must be a string, found integer"),
            (
                #"{"text":"a","label":[]}"#, "label",
                "must be a string, a number or a boolean, found array"
            ),
            (
                #"{"text":"a","labels":["x"]}"#, nil,
                "has the row format multi_label, but line 1 has labelled; one data set has one format"
            ),
            (
                #"{"text":"a","label":"x","score":1}"#, "score",
                "a row has one of label, labels, score and tags; here is label too"
            ),
            (
                #"{"prompt":"a","completion":"b"}"#, nil,
                "has the row format completion, but line 1 has labelled; one data set has one format"
            ),
            ("[]", nil, "must be a JSON object, found array"),
            (#"{"text":"a""#, nil, "is not valid JSON: the input ends inside a value at byte 11"),
        ] as [(String, String?, String)])
    func problems(line: String, column: String?, message: String) {
        let first = #"{"text":"a","label":"x"}"# + "\r\n\r\n"
        let (bytes, result) = validate(.jsonl, first + line + "\n")
        #expect(bytes.isEmpty)
        #expect(
            failure(result)?.problems == [RowProblem(line: 3, column: column, message: message)])
    }

    @Test("labelled rows in a data set of texts are refused, not stripped of their labels")
    func labelsAfterTexts() {
        let result = validate(.jsonl, "{\"text\":\"a\"}\n{\"text\":\"b\",\"label\":\"x\"}").result
        #expect(failure(result)?.problems.first?.line == 2)
    }

    @Test("problems beyond the limit are counted, and nothing is stored after the first")
    func manyProblems() {
        var validator = UploadValidator(.jsonl)
        let good = validator.feed(Array("{\"text\":\"a\"}\n".utf8))
        #expect(!good.isEmpty)
        #expect(validator.feed(Array(String(repeating: "{}\n", count: 250).utf8)).isEmpty)
        #expect(validator.feed(Array("{\"text\":\"b\"}\n".utf8)).isEmpty)
        let (rest, result) = validator.finish()
        #expect(rest.isEmpty)
        #expect(failure(result)?.problems.count == 100)
        #expect(failure(result)?.problems.last?.line == 101)
        #expect(failure(result)?.more == 150)
    }

    @Test("an upload without rows is refused", arguments: UploadFormat.allCases, ["", "\n\r\n \n"])
    func empty(format: UploadFormat, text: String) {
        guard format != .csv || text.isEmpty else { return }
        #expect(failure(validate(format, text).result) != nil)
    }

    @Test("limits hold and name what they found")
    func limits() {
        var limits = DatasetLimits()
        limits.rowBytesMax = 40
        limits.labelBytesMax = 3
        limits.labelsMax = 2
        let rows = [
            #"{"text":"a","label":"x"}"#, #"{"text":"a","label":"long"}"#,
            #"{"text":"a","label":"y"}"#, #"{"text":"a","label":"z"}"#,
            #"{"text":"a","label":"x","pad":"aaaaaaaaaaaaaaaaaaaaa"}"#,
        ]
        let result = validate(.jsonl, rows.joined(separator: "\n"), limits).result
        #expect(
            failure(result)?.problems == [
                RowProblem(line: 2, column: "label", message: "must have at most 3 bytes, found 4"),
                RowProblem(
                    line: 4, column: "label", message: "is one label more than the 2 allowed"),
                RowProblem(line: 5, column: nil, message: "the line is longer than 40 bytes"),
            ])
    }

    @Test("plain text is one document per block of lines")
    func documents() throws {
        let (bytes, result) = validate(.text, "\u{feff}one\r\ntwo\n\n \t\n\nthree")
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "{\"text\":\"one\\ntwo\"}\n{\"text\":\"three\"}\n")
        #expect(try result.get().rows == 2)
        var validator = UploadValidator(.text)
        _ = validator.feed([0x61, 0x0A, 0x0A, 0xFF, 0x0A])
        #expect(failure(validator.finish().result)?.problems.first?.line == 3)
    }

    @Test("cutting an upload at any byte changes nothing", arguments: UploadFormat.allCases)
    func splits(format: UploadFormat) throws {
        let text =
            switch format {
            case .jsonl:
                "\u{feff}{\"text\":\"é😀\",\"label\":\"x\"}\r\n\r\n{\"text\":\"b\"}\n{\"text\""
            case .csv:
                "\u{feff}label,text\r\nx,\"é,\"\"😀\r\nb\"\r\n\r\ny,z\na,\"b\"c\nx,ok\r\nx,\"open"
            case .text: "\u{feff}é😀\r\nb\r\n\r\n\r\nlast"
            }
        for text in [text, String(text.dropLast(format == .text ? 0 : 26))] {
            let all = Array(text.utf8)
            let whole = validate(format, text)
            for cut in 0...all.count {
                var validator = UploadValidator(format)
                var bytes = validator.feed(all[..<cut])
                bytes += validator.feed(all[cut...])
                let (rest, result) = validator.finish()
                #expect(outcome(result) == outcome(whole.result), "cut at \(cut)")
                if case .success = result { #expect(bytes + rest == whole.bytes) }
            }
            var validator = UploadValidator(format)
            for byte in all { _ = validator.feed(CollectionOfOne(byte)) }
            #expect(outcome(validator.finish().result) == outcome(whole.result))
        }
    }
}

func validate(
    _ format: UploadFormat, _ text: String, _ limits: DatasetLimits = DatasetLimits()
) -> (bytes: [UInt8], result: Result<DatasetSummary, ValidationFailure>) {
    var validator = UploadValidator(format, limits: limits)
    let bytes = validator.feed(Array(text.utf8))
    let (rest, result) = validator.finish()
    if case .failure = result { return ([], result) }
    return (bytes + rest, result)
}

func failure(_ result: Result<DatasetSummary, ValidationFailure>) -> ValidationFailure? {
    if case .failure(let failure) = result { failure } else { nil }
}

func outcome(_ result: Result<DatasetSummary, ValidationFailure>) -> String {
    switch result {
    case .success(let summary): "\(summary.rows) \(summary.bytes) \(summary.columns)"
    case .failure(let failure): "\(failure)"
    }
}
