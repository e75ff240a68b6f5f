import API
import Foundation
import HTTP
import JSON
import Pool
import Testing
import WorkerProtocol

/// How the answers of every kind of head are said, and what they are asked with.
@Suite struct KindTests {
    private static let tasks: [JSON] = [
        ["name": "many", "kind": "multi_label", "labels": ["a", "b", "c"], "format": "raw"],
        ["name": "score", "kind": "regression", "labels": [], "format": "raw"],
        ["name": "pair", "kind": "pair_classification", "labels": ["no", "yes"], "format": "raw"],
        ["name": "ner", "kind": "token_classification", "labels": [], "format": "raw"],
        ["name": "sum", "kind": "sequence_to_sequence", "labels": [], "format": "raw"],
    ]

    private func ask(
        _ task: String, _ input: JSON = "x", labels: [String], logits: [Float],
        words: [Int]? = nil, options: JSONObject = [:]
    ) async throws -> (fixture: Fixture, answer: Fixture.Answer, item: JSON) {
        let fixture = try Fixture()
        _ = try await fixture.makeTuned(tasks: Self.tasks)
        fixture.compute.set {
            $0.labels = labels
            $0.logits = logits
            $0.words = words
        }
        var body: JSONObject = ["task": .string(task), "input": input]
        for (name, value) in options.members { body[name] = value }
        let answer = await fixture.post("/v1/classify", .object(body))
        return (fixture, answer, answer.json["data"]?.array?.first ?? .null)
    }

    @Test("Several labels: sigmoids aligned with the vocabulary, and those above the threshold")
    func multiLabel() async throws {
        let (_, answer, item) = try await ask(
            "many", labels: ["a", "b", "c"], logits: [0, -1, 2])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(item["label"] == "c" && item["activation"] == "sigmoid")
        #expect(item["predicted"] == ["c", "a"])
        #expect(item["labels"] == ["a", "b", "c"])
        let probs = item["probs"]?.array?.compactMap(\.number) ?? []
        for (got, want) in zip(probs, [0.5, 0.2689414213699951, 0.8807970779778823]) {
            #expect(abs(got - want) < 1e-15)
        }
        let strict = try await ask(
            "many", labels: ["a", "b", "c"], logits: [0, -1, 2], options: ["threshold": 0.9])
        #expect(strict.item["predicted"] == [])
        let raw = try await ask(
            "many", labels: ["a", "b", "c"], logits: [0, -1, 2], options: ["raw_scores": true])
        #expect(raw.item["probs"] == [0.0, -1.0, 2.0] && raw.item["activation"] == "none")
        #expect(raw.item["predicted"] == ["c", "a"])
    }

    @Test("A regression gives its number, and no labels' options")
    func regression() async throws {
        let (_, answer, item) = try await ask("score", labels: [], logits: [0.75])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(item["value"] == 0.75 && item["activation"] == "none" && item["label"] == nil)
        let wrong = try await ask("score", labels: [], logits: [0.75], options: ["top_k": 1])
        #expect(wrong.answer.status == 400 && wrong.answer.parameter == "top_k")
    }

    @Test("Pairs are asked as pairs, single texts as texts")
    func pairs() async throws {
        let (fixture, answer, item) = try await ask(
            "pair", [["p", "h"], ["q", "i"]], labels: ["no", "yes"], logits: [0, 1])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(item["label"] == "yes" && item["activation"] == "softmax")
        #expect(
            fixture.compute.get { $0.lastInputs }
                == [InputText("p", pair: "h"), InputText("q", pair: "i")])
        let wrong: [(JSON, String)] = [
            ("p", "input"), (["p"], "input[0]"), ([["p"]], "input[0]"),
            ([["p", "h", "x"]], "input[0]"), ([["p", ""]], "input[0][1]"),
            ([["p", 1]], "input[0]"),
        ]
        for (input, parameter) in wrong {
            let refused = try await ask("pair", input, labels: ["no", "yes"], logits: [0, 1])
            #expect(refused.answer.status == 400)
            #expect(refused.answer.parameter == parameter)
        }
        let single = try await ask("score", [["a", "b"]], labels: [], logits: [0])
        #expect(single.answer.status == 400 && single.answer.message.contains("not a pair"))
    }

    @Test("Tags come word by word with their places, and entities with theirs")
    func tags() async throws {
        let (_, answer, item) = try await ask(
            "ner", "Ann Lee saw.", labels: ["B-PER", "I-PER", "O"],
            logits: [9, 0, 0, 0, 9, 0, 0, 0, 9], words: [0, 3, 4, 7, 8, 11])
        #expect(answer.status == 200, "\(answer.text)")
        let tokens = item["tokens"]?.array ?? []
        #expect(tokens.compactMap { $0["label"]?.string } == ["B-PER", "I-PER", "O"])
        #expect(tokens.compactMap { $0["start"]?.integer } == [0, 4, 8])
        let entity = item["entities"]?.array?.first
        #expect(item["entities"]?.array?.count == 1)
        #expect(entity?["label"] == "PER" && entity?["start"] == 0 && entity?["end"] == 7)
        #expect((entity?["score"]?.number ?? 0) > 0.99)
        let plain = try await ask("ner", "a", labels: ["N", "V"], logits: [0, 1], words: [0, 1])
        #expect(plain.item["entities"] == nil && plain.item["tokens"]?.array?.count == 1)
    }

    @Test("A task that writes is generated with, not classified with; the only one needs no name")
    func writes() async throws {
        let refused = try await ask("sum", labels: [], logits: [])
        #expect(refused.answer.status == 400 && refused.answer.parameter == "task")
        let fixture = refused.fixture
        fixture.compute.set {
            $0.outputs = [.delta(.init(choice: 0, text: "so", tokens: 1, finishReason: "stop"))]
        }
        let answer = await fixture.post("/v1/generate", ["prompt": "a"])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(fixture.compute.get { $0.lastTask } == "sum")
    }

    @Test("Embeddings have OpenAI's shape, as numbers or as base64 of the same floats")
    func embeddings() async throws {
        let fixture = try Fixture()
        try fixture.makeBase()
        fixture.compute.set { $0.logits = [0.6, -0.8] }
        let answer = await fixture.post(
            "/v1/embeddings", ["model": "tiny", "input": ["a", "b"], "user": "u"])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["object"] == "list")
        let items = answer.json["data"]?.array ?? []
        #expect(items.map { $0["index"] } == [0, 1])
        #expect(items.allSatisfy { $0["object"] == "embedding" })
        let numbers = items.first?["embedding"]?.array?.compactMap(\.number) ?? []
        #expect(numbers.map { Float($0) } == [0.6, -0.8])
        #expect(answer.json["usage"] == ["prompt_tokens": 6, "total_tokens": 6])
        #expect(fixture.compute.get { $0.lastTask } == nil)
        let packed = await fixture.post(
            "/v1/embeddings",
            ["model": "tiny", "input": [[1, 2], [3]], "encoding_format": "base64"])
        let text = packed.json["data"]?.array?.first?["embedding"]?.string ?? ""
        // struct.pack("<2f", 0.6, -0.8)
        #expect(text == "mpkZP83MTL8=")
        #expect(
            fixture.compute.get { $0.lastInputs }
                == [InputText(tokens: [1, 2]), InputText(tokens: [3])])
    }

    @Test(
        "Embedding requests that cannot be served are refused by name",
        arguments: [
            ("input", "\"\""), ("input", "[]"), ("input", "3"), ("input[1]", "[\"a\",\"\"]"),
            ("input", "[-1]"), ("input", "[1,\"a\"]"), ("input[0]", "[[]]"),
            ("input[0]", "[{}]"), ("dimensions", "1"), ("encoding_format", "\"int8\""),
            ("task", "\"mood\""),
        ])
    func refusals(parameter: String, value: String) async throws {
        let fixture = try Fixture()
        try fixture.makeBase()
        fixture.compute.set { $0.logits = [0.6, -0.8] }
        let name = String(parameter.prefix { $0 != "[" })
        var body: JSONObject = ["model": "tiny", "input": "a"]
        body[name] = try JSON.parse(value)
        let answer = await fixture.post("/v1/embeddings", .object(body))
        #expect(answer.status == 400, "\(answer.text)")
        #expect(answer.parameter == parameter)
    }

    @Test("A run may have tasks of every kind, each with rows of its own columns")
    func runs() async throws {
        let rows: [(kind: String, rows: String, metric: String)] = [
            ("multi_label", #"{"text":"a","labels":["x"]}"#, "subset_accuracy"),
            ("regression", #"{"text":"a","score":1}"#, "pearson"),
            ("token_classification", #"{"tokens":["a","b"],"tags":["B-X","O"]}"#, "entity_f1"),
            ("sequence_to_sequence", #"{"prompt":"a","completion":"b"}"#, "bleu"),
        ]
        let fixture = try Fixture()
        try fixture.makeBase()
        for (kind, row, metric) in rows {
            let dataset = await fixture.datasetID(
                (0..<20).map { row.replacing("\"a\"", with: "\"a\($0)\"") }
                    .joined(separator: "\n"))
            let task: JSON = [
                "name": "t", "kind": .string(kind), "dataset": .string(dataset),
                "metric": .string(metric),
            ]
            let run = await fixture.post("/v1/runs", ["name": "r", "tasks": [task]])
            #expect(run.status == 202, "\(run.text)")
            var other = task.object ?? [:]
            other["kind"] = "classification"
            other["metric"] = "accuracy"
            let refused = await fixture.post("/v1/runs", ["name": "r", "tasks": [.object(other)]])
            #expect(refused.status == 400)
            #expect(refused.parameter == "tasks[0].dataset")
        }
    }
}
