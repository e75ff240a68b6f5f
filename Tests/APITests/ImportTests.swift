import Foundation
import HTTP
import JSON
import Testing
import WorkerProtocol

@testable import API

@Suite("Imports of models")
struct ImportTests {
    @Test("an upload is kept as what the files worker makes of it; what is no model leaves nothing")
    func uploads() async throws {
        let fixture = try Fixture()
        let made = await fixture.send(
            .post, "/v1/models", query: [("name", "new")], body: "GGUF weights")
        #expect(made.status == 201 && made.json["license"] == nil)
        let model = await fixture.send(.get, "/v1/models/new").json
        #expect(model["id"] == made.json["id"] && model["status"]?.string == "ready")
        #expect(model["license"]?.string == "mit" && model["source"]?["kind"]?.string == "upload")
        let bad = await fixture.send(.post, "/v1/models", query: [("name", "x")], body: "what")
        #expect(bad.status == 400 && bad.code == "invalid_data")
        #expect(await fixture.send(.post, "/v1/models", query: [("name", "x")]).status == 400)
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.scratch) == [])
        #expect(try blobs(fixture) == 1)
    }

    @Test("a file or folder comes from the operator's folder and nowhere else")
    func paths() async throws {
        let fixture = try Fixture()
        let folder = fixture.folder + "/models"
        let files = FileManager.default
        try files.createDirectory(atPath: folder + "/dir", withIntermediateDirectories: true)
        try files.createDirectory(atPath: folder + "/sly", withIntermediateDirectories: true)
        for (path, text) in [
            ("models/m.gguf", "GGUF other"), ("out.gguf", "GGUF"),
            ("models/dir/model.gguf", "GGUF in a folder"),
        ] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(fixture.folder)/\(path)"))
        }
        for link in ["link.gguf", "sly/model.gguf"] {
            try files.createSymbolicLink(
                atPath: "\(folder)/\(link)", withDestinationPath: fixture.folder + "/out.gguf")
        }
        for path in [
            "../out.gguf", "link.gguf", fixture.folder + "/out.gguf", "", ".", "/etc/passwd",
            "none.gguf", "m.gguf\u{0}", "sly",
        ] {
            let answer = await fixture.post(
                "/v1/models", ["name": "local", "path": .string(path)])
            #expect(answer.status == 400, "\(path)")
            #expect(answer.parameter == "path")
        }
        let work = Task { await fixture.api.runImports() }
        defer { work.cancel() }
        for (path, name) in [("m.gguf", "file"), (folder + "/dir", "folder")] {
            let begun = await fixture.post(
                "/v1/models", ["name": .string(name), "path": .string(path), "license": "mit"])
            #expect(begun.status == 202 && begun.json["status"]?.string == "importing")
            let model = try await outcome(begun, fixture)
            #expect(model["status"]?.string == "ready" && model["name"]?.string == name)
        }
        // The operator's own file stays.
        #expect(files.fileExists(atPath: folder + "/dir/model.gguf"))
    }

    @Test("a request says one source, completely")
    func requests() async throws {
        let fixture = try Fixture()
        for (body, parameter) in [
            (["name": "x"], "path"), (["name": "x", "path": "a", "hub": "a/b"], "path"),
            (["hub": "a/b"], "name"), (["name": "x", "hub": "a"], "hub"),
            (["name": "x", "hub": "../b"], "hub"), (["name": "x", "hub": "a/b/c"], "hub"),
            (["name": "x", "hub": "a/b", "revision": "x/y"], "revision"),
            (["name": "x", "hub": "a/b", "file": "x.bin"], "file"),
            (["name": "x", "path": "a", "revision": "main"], "revision"),
            (["name": "x", "configuration": [:]], "tokenizer.dataset"),
            (["name": "x", "seed": 1], "configuration"),
        ] as [(JSON, String)] {
            let answer = await fixture.post("/v1/models", body)
            #expect(answer.status == 400 && answer.parameter == parameter, "\(body.text)")
        }
        // No hub is known to this server.
        let hub = await fixture.post("/v1/models", ["name": "x", "hub": "a/b"])
        #expect(hub.status == 403)
    }

    // MARK: The hub

    private func withHub(
        _ behaviour: FakeHub.Behaviour = FakeHub.Behaviour(),
        file: String? = nil, repository: String = "org/tiny",
        check: (FakeHub, Fixture, JSON) async throws -> Void
    ) async throws {
        let hub = try FakeHub()
        hub.set { $0 = behaviour }
        let fixture = try Fixture(sources: sources(hub))
        let work = Task { await fixture.api.runImports() }
        defer { work.cancel() }
        var body: JSONObject = ["name": "tiny", "hub": .string(repository)]
        body["file"] = file.map { .string($0) }
        let begun = await fixture.post("/v1/models", .object(body))
        #expect(begun.status == 202)
        try await check(hub, fixture, try await outcome(begun, fixture))
    }

    private func sources(_ hub: FakeHub) -> ModelSources {
        var sources = ModelSources(hub: ClientURL(hub.url), hubToken: "secret")
        sources.hubPauseSeconds = 0.01
        return sources
    }

    private func outcome(_ begun: Fixture.Answer, _ fixture: Fixture) async throws -> JSON {
        let path = "/v1/models/\(begun.json["id"]?.string ?? "")"
        for _ in 0..<3000 {
            let model = await fixture.send(.get, path).json
            if model["status"]?.string != "importing" { return model }
            try await Task.sleep(for: .milliseconds(10))
        }
        return .null
    }

    private func blobs(_ fixture: Fixture) throws -> Int {
        try FileManager.default.subpathsOfDirectory(atPath: fixture.folder + "/blobs").count {
            $0.contains("/")
        }
    }

    @Test("only the model's files come, their hash is checked, the revision is pinned")
    func hub() async throws {
        try await withHub { hub, fixture, model in
            #expect(model["status"]?.string == "ready")
            #expect(model["license"]?.string == "apache-2.0")
            #expect(model["source"]?["revision"]?.string == "abc123")
            #expect(model["base_sha256"]?.string == FakeHub.sha256)
            // The token goes to the hub alone.
            #expect(hub.tokens == ["hub Bearer secret", "storage "])
            let imports = fixture.folder + "/imports"
            // The folder goes right after the model is there.
            for _ in 0..<1000 {
                let left = try FileManager.default.contentsOfDirectory(atPath: imports)
                if left.isEmpty { return }
                try await Task.sleep(for: .milliseconds(5))
            }
            Issue.record("the import left files")
        }
    }

    @Test("a download that breaks goes on where it broke, and a server that fails is asked again")
    func resuming() async throws {
        let behaviour = FakeHub.Behaviour(breaksAfter: [100_000, 0, 50_000], failures: 2)
        try await withHub(behaviour) { hub, _, model in
            #expect(model["status"]?.string == "ready")
            #expect(model["base_sha256"]?.string == FakeHub.sha256)
            let ranges = hub.ranges
            #expect(ranges.count == 4 && ranges[0].isEmpty)
            #expect(ranges[1] == "bytes=100000-" && ranges[3] == "bytes=150000-")
        }
    }

    @Test(
        "what cannot be trusted is refused with what is wrong",
        arguments: [
            (FakeHub.Behaviour(hash: String(repeating: "0", count: 64)), "SHA-256 is not the one"),
            (FakeHub.Behaviour(hash: ""), "names no SHA-256"),
            (FakeHub.Behaviour(location: "file:///etc/passwd"), "nobody may be sent"),
            (FakeHub.Behaviour(location: "//evil/"), "nobody may be sent"),
            (FakeHub.Behaviour(failures: 1000), "503"),
        ])
    func refusals(behaviour: FakeHub.Behaviour, message: String) async throws {
        try await withHub(behaviour) { _, fixture, model in
            #expect(model["status"]?.string == "failed")
            #expect(model["error"]?["message"]?.string?.contains(message) == true, "\(model.text)")
            let kept = try blobs(fixture)
            #expect(kept == 0)
            // It can be asked for, and goes when it is deleted.
            let id = model["id"]?.string ?? ""
            #expect(await fixture.send(.delete, "/v1/models/\(id)").status == 200)
            #expect(await fixture.send(.get, "/v1/models/\(id)").status == 404)
        }
    }

    @Test("redirects have an end; a repository or file that is not there is said")
    func lost() async throws {
        let loop = FakeHub.Behaviour(location: "/org/tiny/resolve/abc123/model.gguf")
        try await withHub(loop) { _, _, model in
            #expect(model["error"]?["message"]?.string?.contains("more than 5") == true)
        }
        try await withHub(repository: "org/other") { _, _, model in
            #expect(model["error"]?["message"]?.string?.contains("not there") == true)
        }
        try await withHub(file: "other.gguf") { _, _, model in
            #expect(model["error"]?["message"]?.string?.contains("not in the repository") == true)
        }
    }

    @Test("an import goes on after the server's end, with what it has")
    func restart() async throws {
        let hub = try FakeHub()
        hub.set { $0.pauses = true }
        let folder = NSTemporaryDirectory() + "polytask-api-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var begun: Fixture.Answer?
        do {
            let fixture = try Fixture(folder: folder, sources: sources(hub))
            let work = Task { await fixture.api.runImports() }
            begun = await fixture.post("/v1/models", ["name": "tiny", "hub": "org/tiny"])
            for _ in 0..<1000 {
                let parts = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
                if let part = parts.first(where: { $0.hasSuffix(".part") }),
                    let size = try? FileManager.default.attributesOfItem(
                        atPath: "\(folder)/\(part)")[.size] as? Int, size > 0
                {
                    break
                }
                try await Task.sleep(for: .milliseconds(5))
            }
            work.cancel()
            await work.value
            let kept = folder + "-kept"
            try FileManager.default.copyItem(atPath: folder, toPath: kept)
        }
        try FileManager.default.moveItem(atPath: folder + "-kept", toPath: folder)
        hub.set { $0.pauses = false }
        let fixture = try Fixture(folder: folder, sources: sources(hub))
        let work = Task { await fixture.api.runImports() }
        defer { work.cancel() }
        let model = try await outcome(try #require(begun), fixture)
        #expect(model["status"]?.string == "ready" && model["id"] == begun?.json["id"])
        #expect(model["base_sha256"]?.string == FakeHub.sha256)
        let ranges = hub.ranges
        #expect(ranges.count == 2 && ranges[1].hasPrefix("bytes="))
    }

    @Test("an import that is deleted under way stops and leaves nothing")
    func deletion() async throws {
        let hub = try FakeHub()
        hub.set { $0.pauses = true }
        let fixture = try Fixture(sources: sources(hub))
        let work = Task { await fixture.api.runImports() }
        defer { work.cancel() }
        let begun = await fixture.post("/v1/models", ["name": "tiny", "hub": "org/tiny"])
        let id = begun.json["id"]?.string ?? ""
        #expect(await fixture.send(.delete, "/v1/models/\(id)").status == 200)
        for _ in 0..<1000 {
            let left = try? FileManager.default.contentsOfDirectory(
                atPath: fixture.folder + "/imports")
            if left?.isEmpty ?? true { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(await fixture.send(.get, "/v1/models/\(id)").status == 404)
        #expect(try blobs(fixture) == 0)
    }
}
