import Foundation
import Glibc
import JSON
import TestSupport
import Testing

/// A server that is killed while models come in: what it promised comes true, and nothing else of
/// it is left.
@Suite(.serialized) struct ImportCrashTests {
    private static func files(_ server: ServerProcess, _ part: String) throws -> [String] {
        let path = "\(server.folder)/data/\(part)"
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try FileManager.default.subpathsOfDirectory(atPath: path).filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(path)/\($0)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }
    }

    private static func outcome(_ client: Client, _ id: String) throws -> JSON {
        for _ in 0..<1200 {
            let model = try client.get("/v1/models/\(id)").json
            if model["status"]?.string != "importing" { return model }
            usleep(50_000)
        }
        return .null
    }

    /// One blob, that of the model, which answers.
    private static func expectWhole(_ server: ServerProcess, _ name: String) throws {
        let said = try server.client.post(
            "/v1/generate",
            ["model": .string(name), "prompt": "Say", "raw": true, "max_tokens": 4])
        #expect(said.status == 200, "\(said.body)")
        #expect(try files(server, "blobs").count == 1)
        #expect(try files(server, "imports").isEmpty)
    }

    @Test("A download that a kill interrupted goes on with the bytes that were there")
    func hub() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            try TinyLlamaFile.write(folder.file("tiny.gguf"), width: 128, hidden: 256)
            let hub = try SlowHub(weights: folder.file("tiny.gguf"))
            defer { hub.stop() }
            let server = ServerProcess(folder)
            server.arguments = ["--hub", "http://127.0.0.1:\(hub.port)"]
            try server.start()
            defer { server.kill() }
            let begun = try server.client.post("/v1/models", ["name": "tiny", "hub": "org/tiny"])
            #expect(begun.status == 202, "\(begun.body)")
            let id = begun.json["id"]?.string ?? ""
            let deadline = Date().addingTimeInterval(60)
            while Date() < deadline {
                let there = try Self.files(server, "imports").first { $0.hasSuffix(".part") }
                let path = there.map { "\(server.folder)/data/imports/\($0)" }
                let size = try path.flatMap {
                    try FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int
                }
                if hub.sent > 0, size == hub.sent { break }
                usleep(20_000)
            }
            let had = hub.sent
            #expect(had > 0)
            server.kill()
            hub.open()
            try server.start()
            let model = try Self.outcome(server.client, id)
            #expect(model["status"] == "ready", "\(model.text)")
            #expect(hub.ranges == ["", "bytes=\(had)-"])
            try Self.expectWhole(server, "tiny")
        }
    }

    @Test("An import of a path that was promised is done, whenever the server was killed")
    func path() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            try FileManager.default.createDirectory(
                atPath: folder.file("models"), withIntermediateDirectories: true)
            try TinyLlamaFile.write(folder.file("models/tiny.gguf"), width: 128, hidden: 256)
            let server = ServerProcess(folder)
            server.arguments = ["--allow-model-paths", folder.file("models")]
            try server.start()
            defer { server.kill() }
            let begun = try server.client.post(
                "/v1/models", ["name": "tiny", "path": "tiny.gguf"])
            #expect(begun.status == 202, "\(begun.body)")
            for round in 0..<4 {
                // A little later each time: checking, copying, recording.
                usleep(UInt32(round) * 60_000)
                server.kill()
                try server.start()
            }
            let model = try Self.outcome(server.client, begun.json["id"]?.string ?? "")
            #expect(model["status"] == "ready", "\(model.text)")
            try Self.expectWhole(server, "tiny")
        }
    }

    @Test("An upload that a kill interrupted leaves nothing, and the same upload works after")
    func upload() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            try TinyLlamaFile.write(folder.file("tiny.gguf"), width: 128, hidden: 256)
            let bytes = [UInt8](
                try Data(contentsOf: URL(fileURLWithPath: folder.file("tiny.gguf"))))
            let head =
                "POST /v1/models?name=tiny HTTP/1.0\r\nHost: localhost\r\n"
                + "Content-Length: \(bytes.count)\r\n\r\n"
            let server = ServerProcess(folder)
            try server.start()
            defer { server.kill() }
            // In mid-body, then a little after its end, where the file is kept and checked.
            for (count, microseconds) in [
                (bytes.count / 2, 200_000), (bytes.count, 5_000), (bytes.count, 50_000),
            ] {
                let connection = try RawConnection(port: server.port, timeoutSeconds: 60)
                try connection.send(Array(head.utf8) + bytes[..<count])
                usleep(UInt32(microseconds))
                server.kill()
                try server.start()
                #expect(try Self.files(server, "scratch").isEmpty)
                // It may have come to its end before the kill, unseen by the client.
                let isThere = try server.client.get("/v1/models/tiny").status == 200
                #expect(try Self.files(server, "blobs").count == (isThere ? 1 : 0))
                if isThere {
                    #expect(try server.client.send("DELETE", "/v1/models/tiny").status == 200)
                }
            }
            let connection = try RawConnection(port: server.port, timeoutSeconds: 120)
            try connection.send(Array(head.utf8) + bytes)
            let answer = try connection.receiveAll()
            #expect(answer.hasPrefix("HTTP/1.0 201") || answer.hasPrefix("HTTP/1.1 201"))
            try Self.expectWhole(server, "tiny")
        }
    }
}
