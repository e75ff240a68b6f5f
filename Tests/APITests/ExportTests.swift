import Foundation
import HTTP
import JSON
import Pool
import Store
import TestSupport
import Testing
import WorkerProtocol

@testable import API

@Suite("Exports of models")
struct ExportTests {
    private let fixture: Fixture
    private static let weights = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    init() throws {
        fixture = try Fixture()
        fixture.compute.set { script in
            script.work = { job in
                guard case .export(let job) = job else { return .exported }
                try FileManager.default.createDirectory(
                    atPath: job.folder + "/1_Pooling", withIntermediateDirectories: true)
                func write(_ name: String, _ bytes: [UInt8]) throws {
                    try Data(bytes).write(to: URL(fileURLWithPath: "\(job.folder)/\(name)"))
                }
                if case .gguf = job.format {
                    try write("model.gguf", Self.weights)
                } else {
                    try write("model.safetensors", Self.weights)
                    try write("config.json", Array("{}".utf8))
                    try write("1_Pooling/config.json", [])
                    for (name, text) in job.documents { try write(name, Array(text.utf8)) }
                }
                return .exported
            }
        }
    }

    private func export(
        _ id: String, _ query: [(name: String, value: String)] = [],
        _ fields: [String: String] = [:]
    ) async -> Fixture.Answer {
        await fixture.send(.get, "/v1/models/\(id)/export", query: query, fields: fields)
    }

    /// Standard tar reads what we stream, with a model card that names tasks, data and base.
    @Test("safetensors come as a tar archive that tar unpacks, with a card")
    func archive() async throws {
        let id = try await fixture.makeTuned("support-bot")
        let answer = await export(id)
        #expect(answer.status == 200 && answer.fields["Content-Type"] == "application/x-tar")
        #expect(
            answer.fields["Content-Disposition"] == #"attachment; filename="support-bot.tar""#)
        let folder = fixture.folder + "/unpacked"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let file = folder + "/model.tar"
        try Data(answer.bytes).write(to: URL(fileURLWithPath: file))
        let status = try await onThread {
            let tar = Process()
            tar.executableURL = URL(fileURLWithPath: "/bin/tar")
            tar.arguments = ["-xf", file, "-C", folder]
            try tar.run()
            tar.waitUntilExit()
            return tar.terminationStatus
        }
        #expect(status == 0)
        func read(_ name: String) -> Data? {
            FileManager.default.contents(atPath: "\(folder)/support-bot/\(name)")
        }
        #expect(read("model.safetensors") == Data(Self.weights))
        #expect(read("1_Pooling/config.json") == Data())
        let card = String(decoding: read("README.md") ?? Data(), as: UTF8.self)
        let model = try fixture.store.model(id)
        for part in [
            "base_model: \"tiny\"", "# support-bot", model.baseSHA256, "| mood | classification |",
        ] {
            #expect(card.contains(part), "\(part)")
        }
    }

    @Test("a download goes on by Range, and starts over when the model is another")
    func ranges() async throws {
        try fixture.makeBase()
        let whole = await export("tiny", [("format", "gguf")])
        let tag = try #require(whole.fields["ETag"])
        #expect(whole.bytes == Self.weights && whole.fields["Accept-Ranges"] == "bytes")
        #expect(whole.fields["Content-Disposition"]?.contains("tiny-F16.gguf") == true)
        let total = Self.weights.count
        for (range, expected) in [
            ("bytes=0-9", 0..<10), ("bytes=99000-", 99_000..<total),
            ("bytes=-5", total - 5..<total),
            ("bytes=99999-200000", 99_999..<total), ("bytes=0-99999", 0..<total),
        ] {
            let part = await export(
                "tiny", [("format", "gguf")], ["Range": range, "If-Range": tag])
            #expect(part.status == 206 && part.bytes == Array(Self.weights[expected]), "\(range)")
            #expect(
                part.fields["Content-Range"]
                    == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(total)")
        }
        for range in ["bytes=0-1,5-6", "lines=0-1", "bytes=5-1", "bytes=a-", "bytes=-"] {
            let all = await export("tiny", [("format", "gguf")], ["Range": range])
            #expect(all.status == 200 && all.bytes.count == total, "\(range)")
        }
        let other = await export(
            "tiny", [("format", "gguf")], ["Range": "bytes=0-9", "If-Range": "\"other\""])
        #expect(other.status == 200)
        let beyond = await export("tiny", [("format", "gguf")], ["Range": "bytes=\(total)-"])
        #expect(beyond.status == 416 && beyond.fields["Content-Range"] == "bytes */\(total)")
        let known = await export("tiny", [("format", "gguf")], ["If-None-Match": tag])
        #expect(known.status == 304 && known.bytes.isEmpty)
        // One export was made for all of them.
        #expect(fixture.compute.get { $0.fileJobs.count } == 1)
    }

    @Test("every range of an archive is the same part of the whole")
    func parts() async throws {
        try fixture.makeBase()
        let whole = await export("tiny").bytes
        #expect(whole.count % 512 == 0)
        for start in stride(from: 0, to: whole.count, by: 9973) {
            let end = min(start + 20_011, whole.count)
            let part = await export("tiny", [], ["Range": "bytes=\(start)-\(end - 1)"])
            #expect(part.bytes == Array(whole[start..<end]))
        }
    }

    @Test("an export that fails leaves nothing and says why; the next one is made anew")
    func failures() async throws {
        try fixture.makeBase()
        fixture.compute.set { script in
            script.work = { _ in
                throw WorkerFailure(code: "invalid_input", message: "cannot be said there")
            }
        }
        let refused = await export("tiny", [("format", "gguf")])
        #expect(refused.status == 400 && refused.message.contains("cannot be said"))
        #expect(await export("tiny", [("format", "onnx")]).parameter == "format")
        #expect(await export("tiny", [("type", "F16")]).parameter == "type")
        #expect(await export("nothing").status == 404)
    }

    @Test("the model object has the card: base, scores, sizes, data")
    func card() async throws {
        let id = try await fixture.makeTuned("bot")
        let model = await fixture.send(.get, "/v1/models/\(id)").json
        #expect(model["base_model"]?["name"]?.string == "tiny")
        #expect((model["bytes"]?.integer ?? 0) > 0)
        #expect(model["training"]?["tasks"]?.array?.count == 1)
        let list = await fixture.send(.get, "/v1/models").json
        #expect(list["data"]?.array?.first?["training"] == nil)
    }
}
