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
