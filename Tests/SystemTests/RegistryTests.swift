import Foundation
import JSON
import TestSupport
import Testing

/// Models into the real server and out of it again, by HTTP alone.
@Suite(.serialized) struct RegistryTests {
    private func send(
        _ client: Client, _ method: String, _ path: String, _ body: [UInt8] = [],
        fields: String = ""
    ) throws -> (status: Int, head: String, body: [UInt8]) {
        let connection = try RawConnection(port: client.port, timeoutSeconds: 120)
        let head =
            "\(method) \(path) HTTP/1.0\r\nHost: localhost\r\n\(fields)"
            + "Content-Length: \(body.count)\r\n\r\n"
        try connection.send(Array(head.utf8) + body)
        var bytes: [UInt8] = []
        while case let piece = try connection.receive(), !piece.isEmpty { bytes += piece }
        let end = try #require(Data(bytes).range(of: Data("\r\n\r\n".utf8)))
        let top = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        let status = top.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return (status, top, Array(bytes[end.upperBound...]))
    }

    private func generated(_ client: Client, _ model: String) throws -> String? {
        let answer = try client.post(
            "/v1/generate", ["model": .string(model), "prompt": "Say it", "max_tokens": 12])
        #expect(answer.status == 200, "\(answer.body)")
        return answer.json["choices"]?.array?.first?["text"]?.string
    }

    private func outcome(_ client: Client, _ id: String) throws -> JSON {
        for _ in 0..<600 {
            let model = try client.get("/v1/models/\(id)").json
            if model["status"]?.string != "importing" { return model }
            usleep(100_000)
        }
        return .null
    }

    @Test("a trained model is exported in both formats, and says the same when it comes back")
    func roundTrip() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let journey = try Journey(tiny: folder)
            defer { journey.server.kill() }
            let client = journey.client
            let id = try journey.train("bot", rows: 20, epochs: 1)
            let run = try client.wait(id, until: Journey.isOver)
            #expect(run["status"] == "succeeded", "\(run.text)")
            let expected = try generated(client, "bot")
            for (query, name) in [("format=gguf&type=F32", "again"), ("", "folder")] {
                let path = "/v1/models/bot/export?\(query)"
                let whole = try send(client, "GET", path)
                #expect(
                    whole.status == 200,
                    "\(String(decoding: whole.body.prefix(500), as: UTF8.self))")
                let half = whole.body.count / 2
                let rest = try send(client, "GET", path, fields: "Range: bytes=\(half)-\r\n")
                #expect(rest.status == 206 && rest.body == Array(whole.body[half...]))
                let back = try send(client, "POST", "/v1/models?name=\(name)", whole.body)
                #expect(back.status == 201, "\(String(decoding: back.body, as: UTF8.self))")
                #expect(try generated(client, name) == expected)
            }
            let card = try client.get("/v1/models/bot").json
            #expect(card["base_model"]?["name"] == "base")
            #expect(card["tasks"]?.array?.first?["data"]?["rows"] == 20)
            #expect(card["scores"]?.array?.isEmpty == false)
        }
    }

    @Test("what is no model is refused by name, and nothing of it stays")
    func refusals() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let journey = try Journey(tiny: folder)
            defer { journey.server.kill() }
            let client = journey.client
            var bytes = [UInt8](
                try Data(contentsOf: URL(fileURLWithPath: folder.path + "/tiny.gguf")))
            // The count of tensors becomes larger than any file.
            bytes.replaceSubrange(8..<16, with: [UInt8](repeating: 0xFF, count: 8))
            let huge: [UInt8] = [0, 0, 0, 0x80, 0, 0, 0, 0] + Array("{}".utf8)
            for (body, message) in [
                (bytes, "tensors"), (huge, "header of 2147483648 bytes"), ([1, 2, 3], "3 bytes"),
            ] {
                let answer = try send(client, "POST", "/v1/models?name=bad", body)
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(answer.status == 400 && text.contains(message), "\(text)")
            }
            let blobs = try FileManager.default.subpathsOfDirectory(
                atPath: folder.path + "/data/blobs")
            #expect(blobs.filter { $0.contains("/") }.count == 1)
            #expect(try client.get("/v1/models/bad").status == 404)
        }
    }

    @Test("a model of a configuration learns its tokenizer and the language of a data set")
    func fromScratch() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let server = ServerProcess(folder)
            try server.start()
            defer { server.kill() }
            let client = server.client
            let rows = (0..<60).map { "{\"text\":\"the cat number \($0) sat on the mat\"}\n" }
            let dataset = try client.upload("text", rows.joined()).json["id"] ?? nil
            let begun = try client.post(
                "/v1/models",
                [
                    "name": "new", "seed": 3, "tokenizer": ["dataset": dataset, "vocabulary": 300],
                    "configuration": [
                        "model_type": "llama", "hidden_size": 32, "num_hidden_layers": 2,
                        "num_attention_heads": 4, "intermediate_size": 64,
                        "max_position_embeddings": 64, "tie_word_embeddings": true,
                    ],
                ])
            #expect(begun.status == 202, "\(begun.body)")
            let model = try outcome(client, begun.json["id"]?.string ?? "")
            #expect(model["status"] == "ready", "\(model.text)")
            #expect((model["vocabulary"]?.integer ?? 0) > 257)
            let run = try client.post(
                "/v1/runs",
                [
                    "name": "speaker", "base_model": "new", "epochs": 12, "batch_tokens": 256,
                    "max_length": 64, "optimizer": ["learning_rate": 0.01],
                    "tasks": [["name": "speak", "kind": "generation", "dataset": dataset]],
                ])
            #expect(run.status == 202, "\(run.body)")
            let over = try client.wait(run.json["id"]?.string ?? "", until: Journey.isOver)
            #expect(over["status"] == "succeeded", "\(over.text)")
            let said = try client.post(
                "/v1/generate",
                ["model": "speaker", "prompt": "the cat number 7", "raw": true, "max_tokens": 12])
            let text = said.json["choices"]?.array?.first?["text"]?.string ?? ""
            #expect(text.contains("sat on the mat"), "\(said.body)")
        }
    }
}
