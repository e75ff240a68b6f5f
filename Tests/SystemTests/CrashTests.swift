import Foundation
import Glibc
import JSON
import TestSupport
import Testing

/// What a crash, a full disk or a broken library leaves: the rest works, and nothing is half there.
@Suite(.serialized) struct CrashTests {
    private static func journey(_ folder: TemporaryFolder, width: Int = 32) throws -> Journey {
        let file = folder.path + "/tiny.gguf"
        try TinyLlamaFile.write(file, width: width, layers: width > 32 ? 4 : 2, hidden: 2 * width)
        return try Journey(folder, model: file)
    }

    private static func scratch(_ server: ServerProcess) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: server.folder + "/data/scratch")
    }

    @Test("A server killed in mid-upload leaves nothing of it, and the same upload works after")
    func upload() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let server = ServerProcess(folder)
            defer { server.kill() }
            try server.start()
            let connection = try RawConnection(port: server.port, timeoutSeconds: 60)
            let rows = Journey.moods(2000)
            try connection.send(
                "POST /v1/datasets?name=x HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Length: \(rows.utf8.count)\r\n\r\n" + rows.prefix(60_000))
            let deadline = Date().addingTimeInterval(30)
            while Date() < deadline, try Self.scratch(server).isEmpty { usleep(10_000) }
            #expect(try !Self.scratch(server).isEmpty, "the upload has begun")
            server.kill()
            try server.start()
            #expect(try Self.scratch(server).isEmpty)
            #expect(try server.client.get("/v1/datasets").json["data"] == [])
            #expect(try server.client.upload("x", rows).status == 201)
        }
    }

    @Test("An upload in pieces goes on where kill -9 of the server left it, byte for byte")
    func resumedUpload() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let server = ServerProcess(folder)
            defer { server.kill() }
            try server.start()
            let rows = Array(Journey.moods(4000).utf8)
            let upload = try server.client.post("/v1/uploads", ["name": "pieces"]).json
            let path = "/v1/uploads/\(upload["id"]?.string ?? "")"

            func head(_ offset: Int) -> String {
                "PATCH \(path) HTTP/1.1\r\nHost: localhost\r\nUpload-Offset: \(offset)\r\n"
                    + "Content-Length: \(rows.count - offset)\r\n\r\n"
            }
            func held() throws -> Int {
                Int(try server.client.get(path).json["offset"]?.integer ?? -1)
            }
            var offset = 0
            for sent in [50_000, 90_000, 90_001] {
                let connection = try RawConnection(port: server.port, timeoutSeconds: 60)
                try connection.send(Array(head(offset).utf8) + rows[offset..<sent])
                let deadline = Date().addingTimeInterval(30)
                while Date() < deadline, try held() < sent { usleep(10_000) }
                server.kill()
                try server.start()
                let found = try held()
                #expect(found == sent, "what the server had told of is there")
                offset = found
            }
            let last = try RawConnection(port: server.port, timeoutSeconds: 60)
            try last.send(Array(head(offset).utf8) + rows[offset...])
            #expect(try last.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 204 "))
            let made = try server.client.send("POST", path + "/complete")
            #expect(made.status == 201)
            let whole = try server.client.upload("whole", String(decoding: rows, as: UTF8.self))
            for field in ["rows", "bytes", "sha256", "labels"] {
                #expect(made.json[field] == whole.json[field], "\(field)")
            }
        }
    }

    @Test(
        "A run succeeds though the server is killed again and again, at any point of a checkpoint")
    func checkpoints() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let journey = try Self.journey(folder)
            defer { journey.server.kill() }
            let id = try journey.train("bot", rows: 200, epochs: 12)
            var seen: Int64 = 0
            for round in 0..<4 {
                let run = try journey.client.wait(id) {
                    Journey.isOver($0)
                        || ($0["status"] == "running" && $0["checkpoint_step"]?.integer != nil)
                }
                let step = run["checkpoint_step"]?.integer ?? 0
                #expect(Journey.isOver(run) || step >= seen, "a checkpoint was lost")
                seen = step
                // A checkpoint a second: the kills fall into different parts of one.
                usleep(UInt32(round) * 270_000)
                journey.server.kill()
                try journey.server.start()
            }
            let run = try journey.client.wait(id, seconds: 240, until: Journey.isOver)
            #expect(run["status"] == "succeeded", "\(run.text)")
            #expect(run["failures"] == 0, "a restart of the server is no failure of the run")
        }
    }

    @Test("A stream whose inference process is killed ends with an error and without [DONE]")
    func generation() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let journey = try Self.journey(folder, width: 256)
            defer { journey.server.kill() }
            let request: JSON = [
                "model": "base", "prompt": "Hello", "max_tokens": 120, "stream": true, "n": 4,
                "temperature": 1,
            ]
            var broken: String?
            // A generation may end before the signal arrives; then once more.
            for _ in 0..<20 where broken == nil {
                let pid = try journey.client.workerPID("infer")
                let connection = try RawConnection(
                    port: journey.server.port, timeoutSeconds: 60)
                let body = request.text
                try connection.send(
                    "POST /v1/generate HTTP/1.0\r\nHost: localhost\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n" + body)
                _ = try connection.receive(until: "data: ")
                kill(pid, SIGKILL)
                let rest = try connection.receiveAll()
                if !rest.hasSuffix("[DONE]\n\n") { broken = rest }
                let deadline = Date().addingTimeInterval(30)
                while Date() < deadline, try journey.client.get("/readyz").status != 200 {
                    usleep(50_000)
                }
            }
            let last = try #require(broken).components(separatedBy: "data: ").last ?? ""
            #expect(try JSON.parse(last)["error"]?["code"] == "worker_lost", "\(last)")
            var whole = request.object ?? [:]
            whole["stream"] = false
            #expect(try journey.client.post("/v1/generate", .object(whole)).status == 200)
        }
    }

    @Test("On a full disk an upload gets 507 and a run goes on without its checkpoints")
    func diskFull() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let journey = try Self.journey(folder, width: 160)
            let server = journey.server
            defer { server.kill() }
            server.kill()
            // Room for the weights (4 MB) and the database, not for a checkpoint (12 MB).
            server.fileKibibytesMax = 6 * 1024
            try server.start()
            let row = "{\"text\":\"" + String(repeating: "word ", count: 1500) + "\"}\n"
            let full = try server.client.upload("x", String(repeating: row, count: 1000))
            #expect(full.status == 507, "\(full.body)")
            #expect(full.json["error"]?["code"] == "disk_full")
            #expect(try Self.scratch(server).isEmpty)
            #expect(try server.client.get("/readyz").status == 200)

            let id = try journey.train("bot", rows: 60, epochs: 4)
            let run = try server.client.wait(id, seconds: 240, until: Journey.isOver)
            #expect(run["status"] == "succeeded", "\(run.text)")
            let events = try server.client.get("/v1/runs/\(id)/events?limit=100").json["data"]
            let lost = (events?.array ?? []).filter { $0["kind"] == "checkpoint_not_kept" }
            #expect(!lost.isEmpty, "\(events?.text ?? "")")
            #expect(try Self.scratch(server).isEmpty)
        }
    }
}
