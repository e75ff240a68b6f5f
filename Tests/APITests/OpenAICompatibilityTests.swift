import HTTP
import JSON
import Pool
import Testing
import WorkerProtocol

@Suite struct OpenAICompatibilityTests {
    private func fixture() throws -> Fixture {
        let fixture = try Fixture()
        try fixture.makeBase()
        fixture.compute.set {
            $0.outputs = [
                .delta(.init(choice: 0, text: "He", tokens: 1)),
                .delta(.init(choice: 0, text: "llo", tokens: 1, finishReason: "length")),
                .usage(
                    .init(
                        promptTokens: 3, completionTokens: 2, promptSeconds: 0, decodeSeconds: 1)),
            ]
        }
        return fixture
    }

    @Test("A chat is answered in the shape of the chat API, with its defaults")
    func chat() async throws {
        let fixture = try fixture()
        let answer = await fixture.post(
            "/v1/chat/completions",
            [
                "model": "tiny", "user": "u", "metadata": ["a": "b"], "store": true,
                "messages": [
                    ["role": "developer", "content": "Be brief."],
                    ["role": "user", "content": [["type": "text", "text": "Hi"]]],
                ],
            ])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["object"] == "chat.completion")
        let choice = answer.json["choices"]?.array?.first
        #expect(choice?["message"]?["content"] == "Hello")
        #expect(choice?["message"]?["role"] == "assistant")
        #expect(choice?["finish_reason"] == "length")
        #expect(answer.json["usage"]?["total_tokens"] == 5)
        let turns = fixture.compute.get { $0.lastMessages }
        #expect(
            turns == [
                .init(role: "system", content: "Be brief."), .init(role: "user", content: "Hi"),
            ])
        let sampling = try #require(fixture.compute.get { $0.lastSampling })
        #expect(sampling.temperature == 1)
        #expect(sampling.maxTokens == 512, "until the context ends")
    }

    @Test("A streamed chat opens with the role and ends with the reason, then [DONE]")
    func chatStream() async throws {
        let answer = await (try fixture()).post(
            "/v1/chat/completions",
            [
                "model": "tiny", "messages": [["role": "user", "content": "Hi"]], "stream": true,
                "stream_options": ["include_usage": true],
            ])
        let events = answer.text.split(separator: "\n\n").map { String($0.dropFirst(6)) }
        #expect(events.last == "[DONE]")
        let chunks = try events.dropLast().map { try JSON.parse($0) }
        #expect(chunks.allSatisfy { $0["object"] == "chat.completion.chunk" })
        let deltas = chunks.compactMap { $0["choices"]?.array?.first?["delta"] }
        #expect(deltas.first?["role"] == "assistant")
        #expect(deltas.compactMap { $0["content"]?.string }.joined() == "Hello")
        #expect(deltas.last == [:])
        #expect(chunks.last?["usage"]?["completion_tokens"] == 2)
    }

    @Test("A completion continues the bare text, 16 tokens unless told otherwise")
    func completion() async throws {
        let fixture = try fixture()
        let answer = await fixture.post(
            "/v1/completions", ["model": "tiny", "prompt": ["Say"], "echo": false, "best_of": 1])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["object"] == "text_completion")
        #expect(answer.json["choices"]?.array?.first?["text"] == "Hello")
        let sampling = try #require(fixture.compute.get { $0.lastSampling })
        #expect(sampling.maxTokens == 16)
    }

    @Test("Each chunk of a streamed completion says where in the text its tokens are")
    func completionOffsets() async throws {
        let fixture = try fixture()
        fixture.compute.set {
            $0.outputs = ["Xin", " chào", "!"].map { text in
                .delta(
                    .init(
                        choice: 0, text: text, tokens: 1,
                        logprobs: [.init(token: text, logprob: -1, top: [])]))
            }
        }
        func offsets(stream: Bool) async throws -> [JSON] {
            let answer = await fixture.post(
                "/v1/completions",
                ["model": "tiny", "prompt": "Say", "logprobs": 1, "stream": .bool(stream)])
            let texts =
                stream
                ? answer.text.split(separator: "\n\n").map { String($0.dropFirst(6)) }.dropLast()
                : [answer.text]
            return try texts.flatMap { text -> [JSON] in
                let choice = try JSON.parse(text)["choices"]?.array?.first
                return choice?["logprobs"]?["text_offset"]?.array ?? []
            }
        }
        #expect(try await offsets(stream: true) == [0, 3, 8])
        #expect(try await offsets(stream: false) == [0, 3, 8])
    }

    @Test(
        "What could change the output and is not done here is refused by name",
        arguments: [
            ("tools", "[{\"type\":\"function\"}]"),
            ("response_format", "{\"type\":\"json_object\"}"),
            ("logit_bias", "{\"5\":1}"), ("presence_penalty", "0.5"), ("functions", "[]"),
            ("top_logprobs", "3"), ("n", "9"), ("messages[0].name", "\"x\""),
        ])
    func refused(name: String, value: String) async throws {
        let isInner = name.hasPrefix("messages[0].")
        let inner = isInner ? ",\"name\":\(value)" : ""
        let outer = isInner ? "" : ",\"\(name)\":\(value)"
        let body =
            "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"\(inner)}]\(outer)}"
        let answer = await (try fixture()).send(
            .post, "/v1/chat/completions", fields: ["Content-Type": "application/json"], body: body)
        #expect(answer.status == 400)
        #expect(answer.parameter == name)
    }
}
