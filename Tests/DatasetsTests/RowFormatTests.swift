import Datasets
import JSON
import Spec
import Testing

@Suite struct RowFormatTests {
    private func validate(
        _ format: UploadFormat, _ text: String
    ) -> (lines: [String], result: Result<DatasetSummary, ValidationFailure>) {
        var validator = UploadValidator(format)
        var bytes = validator.feed(Array(text.utf8))
        let (rest, result) = validator.finish()
        bytes += rest
        return (
            String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init), result
        )
    }

    @Test(
        "rows of every kind of answer are stored in their canonical columns, and read again",
        arguments: [
            (
                #"{"labels":["b",1,true],"id":7,"text":"t"}"#, "multi_label",
                #"{"text":"t","labels":["b","1","true"]}"#, ["b": 1, "1": 1, "true": 1]
            ),
            (
                #"{"text":"t","labels":[]}"#, "multi_label", #"{"text":"t","labels":[]}"#, [:]
            ),
            (#"{"score":-2,"text":"t"}"#, "scored", #"{"text":"t","score":-2.0}"#, [:]),
            (
                #"{"text_pair":"u","text":"t","label":0}"#, "pair",
                #"{"text":"t","text_pair":"u","label":"0"}"#, ["0": 1]
            ),
            (
                #"{"tokens":["A","b"],"tags":["B-X","O"]}"#, "tagged",
                #"{"tokens":["A","b"],"tags":["B-X","O"]}"#, ["B-X": 1, "O": 1]
            ),
        ] as [(String, String, String, [String: Int])])
    func canonical(row: String, format: String, line: String, labels: [String: Int]) throws {
        let (lines, result) = validate(.jsonl, row + "\n")
        #expect(lines == [line])
        let summary = try result.get()
        #expect(summary.format == format && summary.labels == labels)
        let read = try Row(line: line.utf8)
        #expect(read.json.text == line && read.format.rawValue == format)
        #expect(read.labels.sorted() == labels.keys.sorted())
    }

    @Test(
        "what is wrong with an answer is said by line and column",
        arguments: [
            (#"{"text":"a","labels":"x"}"#, "labels", "must be an array, found string"),
            (#"{"text":"a","labels":["x","x"]}"#, "labels[1]", "is there twice"),
            (#"{"text":"a","labels":[" "]}"#, "labels[0]", "must not be empty"),
            (#"{"text":"a","score":"1"}"#, "score", "must be a number, found string"),
            (#"{"text":"a","score":1e300}"#, "score", "must be from -1e9 to 1e9, found 1e+300"),
            (#"{"text":"a","text_pair":"b"}"#, "label", "missing"),
            (#"{"text_pair":"a","label":"x"}"#, "text", "missing"),
            (#"{"tokens":["a"],"tags":[]}"#, "tags", "must be as many as tokens (1), found 0"),
            (#"{"tokens":[],"tags":[]}"#, "tokens", "must not be empty"),
            (
                #"{"tokens":["a",2],"tags":["x","y"]}"#, "tokens[1]",
                "must be a string, found integer"
            ),
            (
                #"{"text":"a","labels":["x"],"tags":["y"]}"#, "tags",
                "a row has one of label, labels, score and tags; here is labels too"
            ),
        ])
    func problems(line: String, column: String, message: String) {
        guard case .failure(let failure) = validate(.jsonl, "\n" + line).result else {
            Issue.record("accepted")
            return
        }
        #expect(failure.problems == [RowProblem(line: 2, column: column, message: message)])
    }

    @Test("CSV holds pairs and scores, and points to JSON lines for lists")
    func csv() throws {
        let pairs = validate(.csv, "label,text,text_pair\nyes,\"a, b\",c\n")
        #expect(pairs.lines == [#"{"text":"a, b","text_pair":"c","label":"yes"}"#])
        let scores = validate(.csv, "text,score\na,0.5\nb,2\n")
        #expect(scores.lines == [#"{"text":"a","score":0.5}"#, #"{"text":"b","score":2.0}"#])
        for text in ["text,score\na,much\n", "text,score\na,nan\n", "text,labels\na,b\n"] {
            guard case .failure(let failure) = validate(.csv, text).result else {
                Issue.record("accepted: \(text)")
                continue
            }
            #expect(failure.problems.count == 1)
        }
    }

    @Test("every kind of task learns from some format")
    func kinds() {
        for kind in TaskKind.allCases { #expect(!RowFormat.learnt(by: kind).isEmpty) }
        let used = Set(TaskKind.allCases.flatMap { RowFormat.learnt(by: $0) })
        #expect(used == Set(RowFormat.allCases))
    }
}
