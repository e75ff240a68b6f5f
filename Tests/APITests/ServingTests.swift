import API
import Foundation
import HTTP
import JSON
import Pool
import Store
import Testing
import WorkerProtocol

@Suite struct ServingTests {
    private static let usage = GenerateOutput.usage(
        GenerateUsage(promptTokens: 4, completionTokens: 2, promptSeconds: 0.1, decodeSeconds: 0.5))
    private static func delta(_ text: String, _ reason: String? = nil, choice: Int = 0)
        -> GenerateOutput
    {
        .delta(GenerateDelta(choice: choice, text: text, tokens: 1, finishReason: reason))
    }

    @Test("Classification gives probabilities aligned with the labels")
    func classify() async throws {
        let fixture = try Fixture()
        let id = try await fixture.makeTuned()
        fixture.compute.set { $0.logits = [-10_000, 10_000] }
        let answer = await fixture.post(
            "/v1/classify", ["task": "mood", "input": ["a", "b"], "top_k": 1])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["model"]?.string == id)
        let item = answer.json["data"]?.array?.last
        #expect(item?["index"] == 1)
        #expect(item?["label"] == "good")
        #expect(item?["probs"] == [0.0, 1.0])
        #expect(item?["labels"] == ["bad", "good"])
        #expect(item?["top"]?.array?.count == 1)
        #expect(answer.json["usage"]?["prompt_tokens"] == 6)
        let raw = await fixture.post(
            "/v1/classify", ["model": "default:mood", "input": "a", "raw_scores": true])
        #expect(raw.json["data"]?.array?.first?["probs"] == [-10_000.0, 10_000.0])
    }

    @Test("A task may be left out only where it is clear")
    func tasks() async throws {
        let fixture = try Fixture()
        _ = try await fixture.makeTuned()
        let unclear = await fixture.post("/v1/classify", ["input": "a"])
        #expect(unclear.status == 400)
        #expect(unclear.message.contains("`mood`") && unclear.message.contains("`topic`"))
        #expect(unclear.parameter == "task")
        #expect(await fixture.post("/v1/classify", ["input": "a", "task": "reply"]).status == 400)
        #expect(await fixture.post("/v1/classify", ["input": "a", "task": "none"]).status == 400)
        fixture.compute.set { $0.outputs = [Self.delta("hi", "stop"), Self.usage] }
        #expect(await fixture.post("/v1/generate", ["prompt": "a"]).status == 200)
        #expect(fixture.compute.get { $0.lastTask } == "reply")
        #expect(await fixture.post("/v1/generate", ["model": "none", "prompt": "a"]).status == 404)
    }

    @Test("Without a model and without the alias `default` the answer says how to name one")
    func noDefault() async throws {
        let answer = await (try Fixture()).post("/v1/generate", ["prompt": "a"])
        #expect(answer.status == 404)
        #expect(answer.message.contains("default"))
    }

    @Test(
        "Parameters out of range are refused by name",
        arguments: [
            ("max_tokens", "0"), ("max_tokens", "-1"), ("max_tokens", "2147483648"),
            ("max_tokens", "513"), ("temperature", "-1"), ("temperature", "1e39"), ("top_p", "0"),
            ("top_p", "1.1"), ("min_p", "2"), ("top_k", "-1"), ("repetition_penalty", "0"),
            ("n", "5"), ("n", "0"), ("logprobs", "21"), ("timeout_ms", "0"), ("seed", "-1"),
            ("stop", "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]"), ("prompt", "\"\""),
            ("stream", "1"), ("tools", "[]"), ("stream_options", "{\"include_usage\":true}"),
        ])
    func ranges(name: String, value: String) async throws {
        let fixture = try Fixture()
        _ = try await fixture.makeTuned()
        var body: JSONObject = ["prompt": "a"]
        body[name] = try JSON.parse(value)
        let answer = await fixture.post("/v1/generate", .object(body))
        #expect(answer.status == 400)
        #expect(answer.parameter == name)
    }

    @Test("An empty stop string is refused with its place")
    func emptyStop() async throws {
        let fixture = try Fixture()
        _ = try await fixture.makeTuned()
        let answer = await fixture.post("/v1/generate", ["prompt": "a", "stop": ["x", ""]])
        #expect(answer.parameter == "stop[1]")
    }

    @Test("Deltas of several choices are joined")
    func whole() async throws {
        let fixture = try Fixture()
        _ = try await fixture.makeTuned()
        fixture.compute.set {
            $0.outputs = [
                Self.delta("He"), Self.delta("x", "length", choice: 1), Self.delta("llo", "stop"),
                Self.usage,
            ]
        }
        let answer = await fixture.post("/v1/generate", ["prompt": "a", "n": 2, "seed": 7])
        let choices = answer.json["choices"]?.array ?? []
        #expect(choices.map { $0["text"]?.string } == ["Hello", "x"])
        #expect(choices.map { $0["finish_reason"]?.string } == ["stop", "length"])
        #expect(answer.json["usage"]?["total_tokens"] == 6)
        #expect(answer.json["timings"]?["tokens_per_second"]?.number == 4)
        #expect(fixture.compute.get { $0.lastSampling?.seed } == 7)
    }

    @Test("A stream sends deltas and, only after success, [DONE]")
    func stream() async throws {
        let fixture = try Fixture()
        _ = try await fixture.makeTuned()
        fixture.compute.set {
            $0.outputs = [Self.delta("He"), Self.delta("llo", "stop"), Self.usage]
        }
        let body: JSON = [
            "prompt": "a", "stream": true, "stream_options": ["include_usage": true],
        ]
        let answer = await fixture.post("/v1/generate", body)
        #expect(answer.fields["Cache-Control"] == "no-store")
        #expect(answer.fields["X-Accel-Buffering"] == "no")
        let data = answer.text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
            .map { String($0.dropFirst("data: ".count)) }
        #expect(data.last == "[DONE]")
        let chunks = try data.dropLast().map { try JSON.parse($0) }
        let texts = chunks.compactMap { $0["choices"]?.array?.first?["text"]?.string }
        #expect(texts == ["He", "llo"])
        #expect(chunks.last?["usage"]?["completion_tokens"] == 2)
    }

    @Test("A failure before the first token is a status, after it an error event without [DONE]")
    func failures() async throws {
        let fixture = try Fixture()
        _ = try await fixture.makeTuned()
        fixture.compute.set {
            $0.failure = WorkerFailure(code: "worker_lost", message: "the worker died")
        }
        for stream in [true, false] {
            let answer = await fixture.post(
                "/v1/generate", ["prompt": "a", "stream": .bool(stream)])
            #expect(answer.status == 503)
            #expect(answer.code == "worker_lost")
            #expect(answer.fields["Retry-After"] != nil)
        }
        fixture.compute.set { $0.outputs = [Self.delta("He")] }
        let late = await fixture.post("/v1/generate", ["prompt": "a", "stream": true])
        #expect(late.status == 200)
        #expect(late.text.contains("\"error\":{\"message\":\"the worker died\""))
        #expect(!late.text.contains("[DONE]"))
    }

    @Test(
        "Every failure of a worker has its status",
        arguments: [
            ("invalid_input", 400), ("overloaded", 429), ("worker_lost", 503), ("bad_model", 500),
            ("internal", 500),
        ])
    func workerFailures(code: String, status: Int) async throws {
        let fixture = try Fixture(log: { _ in })
        _ = try await fixture.makeTuned()
        fixture.compute.set { $0.failure = WorkerFailure(code: code, message: "m") }
        let answer = await fixture.post("/v1/classify", ["task": "mood", "input": "a"])
        #expect(answer.status == status)
        #expect((answer.fields["Retry-After"] != nil) == (status == 429 || status == 503))
    }

    @Test("A generation that takes too long ends with `timeout` and is cancelled")
    func timeout() async throws {
        let fixture = try Fixture()
        _ = try await fixture.makeTuned()
        fixture.compute.set {
            $0.outputs = [Self.delta("He")]
            $0.hangs = true
        }
        let answer = await fixture.post("/v1/generate", ["prompt": "a", "timeout_ms": 50])
        #expect(answer.status == 200)
        let choice = answer.json["choices"]?.array?.first
        #expect(choice?["text"] == "He")
        #expect(choice?["finish_reason"] == "timeout")
        // The cancellation runs in another task; two seconds are far more than it needs.
        for _ in 0..<200 where !fixture.compute.get({ $0.wasCancelled }) {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(fixture.compute.get { $0.wasCancelled })
    }

    @Test("Bodies of other types and too large bodies are refused")
    func bodies() async throws {
        let fixture = try Fixture()
        let text = await fixture.send(
            .post, "/v1/generate", fields: ["Content-Type": "text/plain"], body: "{}")
        #expect(text.status == 415)
        let large = await fixture.send(
            .post, "/v1/generate", body: String(repeating: " ", count: 2 * 1024 * 1024 + 1))
        #expect(large.status == 413)
        #expect(large.bytes.count <= 4096)
    }

    @Test("readyz turns 503 when the compute processes are not ready")
    func ready() async throws {
        let fixture = try Fixture()
        #expect(await fixture.send(.get, "/readyz").status == 200)
        fixture.compute.set { $0.isReady = false }
        #expect(await fixture.send(.get, "/readyz").status == 503)
        #expect(await fixture.send(.get, "/livez").status == 200)
    }
}
