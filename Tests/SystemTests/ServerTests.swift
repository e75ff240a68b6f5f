import Foundation
import JSON
import TestSupport
import Testing

@Suite(.serialized) struct ServerTests {
    @Test("The server starts, answers, asks for its key, and ends on SIGTERM")
    func life() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let server = ServerProcess(folder, key: "the-key")
            defer { server.kill() }
            try server.start()
            let stranger = Client(port: server.port)
            #expect(try stranger.get("/livez").status == 200)
            #expect(try stranger.get("/readyz").status == 200)
            #expect(try stranger.get("/v1/info").status == 401)
            let info = try server.client.get("/v1/info")
            #expect(info.status == 200)
            #expect(info.head.contains("\r\nX-Request-Id: "))
            #expect(info.json["workers"]?.array?.count == 2)
            #expect(try server.client.get("/openapi.yaml").body.hasPrefix("openapi: 3.1"))
            #expect(try server.client.send("PUT", "/v1/info").status == 405)
            #expect(server.stop() == 0)
        }
    }

    @Test("A malformed row is refused with its line, and nothing is stored")
    func malformedRow() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let server = ServerProcess(folder)
            defer { server.kill() }
            try server.start()
            let answer = try server.client.upload(
                "x", "{\"text\":\"a\",\"label\":\"b\"}\n{\"text\"}\n")
            #expect(answer.status == 400)
            #expect(answer.json["errors"]?.array?.first?["line"] == 2)
            #expect(try server.client.get("/v1/datasets").json["data"] == [])
        }
    }

    @Test("What was answered 201 is there after kill -9")
    func durability() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let server = ServerProcess(folder)
            defer { server.kill() }
            try server.start()
            let made = try server.client.upload("x", Journey.moods(20))
            #expect(made.status == 201)
            server.kill()
            try server.start()
            let id = made.json["id"]?.string ?? ""
            #expect(try server.client.get("/v1/datasets/\(id)").json == made.json)
            let rows = try server.client.get("/v1/datasets/\(id)/rows?limit=100")
            #expect(rows.json["data"]?.array?.count == 20)
        }
    }

    @Test("What keeps the server from starting is said in one line")
    func refusals() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let server = ServerProcess(folder)
            defer { server.kill() }
            try server.start()
            let run = { try ServerProcess.run($0, in: folder.path, environment: $1) }
            let other = "POLYTASK_DATA_DIR=\(folder.path)/other"
            let cases: [([String], [String], String)] = [
                (["serve", "--port", "\(server.port)"], [other], "--port"),
                (["serve", "--port", "0"], [], "stop it"),
                (["models", "list"], [], "stop it"),
                (["serve", "--port", "0", "--data", "/dev/null/x"], [], "--data"),
                (["serve", "--host", "0.0.0.0"], [other], "POLYTASK_API_KEY"),
                (["serve"], [other, "POLYTASK_API_KEY="], "POLYTASK_API_KEY"),
                (["models", "import", "/nowhere.gguf"], [other], "model file"),
                (["models", "import", "/etc/passwd", "--name", "x"], [other], "not a model"),
            ]
            for (arguments, environment, expected) in cases {
                let (status, output) = try run(arguments, environment)
                #expect(status != 0, "\(arguments)")
                #expect(output.contains(expected), "\(arguments): \(output)")
                #expect(output.split(separator: "\n").count == 1, "\(arguments): \(output)")
            }
        }
    }

    @Test("Keys made, limited and revoked beside a running server count within seconds")
    func keys() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let server = ServerProcess(folder)
            defer { server.kill() }
            try server.start()
            #expect(server.output.contains("there is no API key: only this machine"))
            #expect(try server.client.get("/v1/info").status == 200)
            func keys(_ arguments: String...) throws -> [Substring] {
                let (status, output) = try ServerProcess.run(["keys"] + arguments, in: folder.path)
                #expect(status == 0, "\(output)")
                return output.split(separator: "\n")
            }
            let made = try keys("create", "--name", "bot", "--scopes", "infer,train")
            let secret = String(made.last ?? "")
            #expect(secret.hasPrefix("ptk_"))
            let id = made.joined().split(separator: " ").first { $0.hasPrefix("key_") } ?? ""
            let client = Client(port: server.port, key: secret)
            try Self.wait { try server.client.get("/v1/info").status == 401 }
            #expect(try client.get("/v1/runs").status == 200)
            #expect(try client.get("/livez").status == 200)
            let listed = try keys("list").joined()
            #expect(listed.contains("bot") && !listed.contains(secret))
            _ = try keys("revoke", String(id))
            try Self.wait { try client.get("/v1/runs").status == 401 }
            #expect(try server.client.get("/v1/info").status == 401, "still closed")
            server.kill()
            try server.start()
            #expect(try server.client.get("/v1/info").status == 401, "closed after a restart too")
        }
    }

    private static func wait(until condition: () throws -> Bool) throws {
        let deadline = Date().addingTimeInterval(30)
        while try !condition() {
            guard Date() < deadline else {
                throw ServerProcess.Failure(description: "it did not come to that")
            }
            usleep(50_000)
        }
    }

    @Test("doctor and version answer without a server")
    func tools() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let doctor = try ServerProcess.run(["doctor"], in: folder.path)
            #expect(doctor.status == 0, "\(doctor.output)")
            for subject in ["processor", "memory", "blas", "gpu", "data folder"] {
                #expect(doctor.output.contains(subject))
            }
            #expect(
                try ServerProcess.run(["version"], in: folder.path).output.hasPrefix("polytask "))
        }
    }
}
