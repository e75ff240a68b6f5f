import Foundation
import JSON
import Spec
import Store
import Testing

@Suite("The store keeps what it acknowledged")
struct StoreTests {
    let folder = TemporaryFolder()
    static let nextNumber = Migration.shipped.count + 1

    @Test("shipped migrations never change")
    func pinnedMigrations() {
        let pinned = [
            "0001_initial.sql": "d87d3af3f268a5870f96aa67e7a9c49caabe2938e9bf5ebd9292367dcdbacbb2",
            "0002_keys.sql": "ffc8cd745b1b7d6ae3ac45ba62ee2696bbc2b38990285408c75915e116cf156b",
            "0003_reports.sql": "9a967c6d90e4b2e836deed413c36c13a16375bba635a8ea773785eb7e5b2f6fe",
            "0004_imports.sql": "e9401ae4c5fa53d63f679c2545e0c11ff2a132bf16b01cc44f8f3ae2527529a8",
            "0005_pauses.sql": "3cb8a52d1de9a9c8397888aea56bfb1a00ef19073cbccba96f13672517163e3c",
        ]
        for migration in Migration.shipped {
            #expect(pinned[migration.name] == migration.sha256, "\(migration.name)")
        }
        #expect(Migration.shipped.count == pinned.count)
    }

    @Test("after a crash every acknowledged write is there and nothing half-written")
    func crash() throws {
        let store = try Store(folder: folder.path)
        let run = try store.leased()
        _ = try store.recordMetrics(run.id, fence: 1, [.make()])
        let writer = try store.blobs.writer()
        try writer.write(Array("half".utf8))
        let copy = try folder.crashed()
        writer.discard()
        let reopened = try Store(folder: copy.path)
        #expect(try reopened.run(run.id).status == .running)
        let dataset = try #require(try reopened.datasets(PageQuery()).items.first)
        #expect(reopened.blobs.contains(dataset.sha256))
        let scratch = try FileManager.default.contentsOfDirectory(atPath: reopened.blobs.scratch)
        #expect(scratch.isEmpty)
        #expect(try reopened.requeueInterruptedRuns() == [run.id])
    }

    @Test("what no row names is gone after the next start: kept files and ended imports")
    func leftovers() throws {
        let store = try Store(folder: folder.path)
        let dataset = try store.makeDataset()
        let lost = try store.blob("kept, then the end came")
        let running = try store.createImport(name: "a", source: ["kind": "hub"])
        let failed = try store.createImport(name: "b", source: ["kind": "hub"])
        try store.failImport(failed.id, code: "invalid_data", message: "no")
        for id in [running.id, failed.id, "mdl_deleted"] {
            try FileManager.default.createDirectory(
                atPath: store.importFolder(id) + "/files", withIntermediateDirectories: true)
        }
        let copy = try folder.crashed()
        let reopened = try Store(folder: copy.path)
        #expect(reopened.blobs.contains(dataset.sha256))
        #expect(!reopened.blobs.contains(lost))
        let left = try FileManager.default.contentsOfDirectory(atPath: copy.path + "/imports")
        #expect(left == [running.id])
    }

    @Test("two servers cannot open one folder, one after another can")
    func lock() throws {
        do {
            let store = try Store(folder: folder.path)
            let error = #expect(throws: StoreError.self) { try Store(folder: folder.path) }
            #expect(error?.code == "locked")
            try store.ping()
        }
        try Store(folder: folder.path).ping()
    }

    @Test("a newer database and a changed migration are refused")
    func schema() throws {
        let extra = Migration(
            number: Self.nextNumber, name: "0002_x.sql", sql: "CREATE TABLE x (y)")
        do { _ = try Store(folder: folder.path, migrations: Migration.shipped + [extra]) }
        let newer = #expect(throws: StoreError.self) { try Store(folder: folder.path) }
        #expect(newer?.code == "newer_database")
        let other = Migration(
            number: Self.nextNumber, name: "0002_x.sql", sql: "CREATE TABLE z (y)")
        let changed = #expect(throws: StoreError.self) {
            try Store(folder: folder.path, migrations: Migration.shipped + [other])
        }
        #expect(changed?.code == "corrupt")
    }

    @Test("a migration that fails leaves nothing behind")
    func failedMigration() throws {
        let broken = Migration(
            number: Self.nextNumber, name: "0002.sql", sql: "CREATE TABLE x (y); nonsense")
        #expect(throws: StoreError.self) {
            try Store(folder: folder.path, migrations: Migration.shipped + [broken])
        }
        let good = Migration(number: Self.nextNumber, name: "0002.sql", sql: "CREATE TABLE x (y)")
        try Store(folder: folder.path, migrations: Migration.shipped + [good]).ping()
    }

    @Test("an Idempotency-Key makes one object, and refuses another body")
    func idempotency() throws {
        let store = try Store(folder: folder.path)
        let key = IdempotencyKey(key: "k", route: "datasets", bodySHA256: "a")
        #expect(try store.replay(key) == nil)
        let made = try store.makeDataset(key: key)
        #expect(try store.makeDataset(key: key) == made)
        #expect(try store.replay(key) == made.id)
        #expect(try store.datasets(PageQuery()).items.count == 1)
        let other = IdempotencyKey(key: "k", route: "datasets", bodySHA256: "b")
        let error = #expect(throws: StoreError.self) { try store.makeDataset(key: other) }
        #expect(error?.code == "idempotency_mismatch")
        #expect(try store.replay(IdempotencyKey(key: "k", route: "runs", bodySHA256: "b")) == nil)
    }

    @Test("pages neither skip nor repeat, in both directions")
    func pages() throws {
        let store = try Store(folder: folder.path)
        let ids = try (0..<5).map { try store.makeDataset("\($0)").id }
        for descending in [false, true] {
            var seen: [String] = []
            var page = try store.datasets(PageQuery(limit: 2, descending: descending))
            seen += page.items.map(\.id)
            while page.hasMore {
                page = try store.datasets(
                    PageQuery(limit: 2, after: seen.last, descending: descending))
                seen += page.items.map(\.id)
            }
            #expect(seen == (descending ? ids.reversed() : ids))
        }
        #expect(throws: StoreError.self) { try store.datasets(PageQuery(after: "ds_none")) }
        #expect(ids.allSatisfy { $0.wholeMatch(of: /ds_[0-9a-z]{20}/) != nil })
    }

    @Test("a data set in use stays, and a blob of two data sets goes with the second")
    func deletion() throws {
        let store = try Store(folder: folder.path)
        let run = try store.makeRun()
        let used = run.spec.tasks[0].dataset
        let error = #expect(throws: StoreError.self) { try store.deleteDataset(used) }
        #expect(error?.code == "conflict")
        _ = try store.requestCancel(run.id)
        let twin = try store.makeDataset()
        try store.deleteDataset(used)
        #expect(store.blobs.contains(twin.sha256))
        try store.deleteDataset(twin.id)
        #expect(!store.blobs.contains(twin.sha256))
        #expect(throws: StoreError.self) { try store.dataset(used) }
        #expect(throws: StoreError.self) { try store.createRun(run.spec, idempotency: nil) }
        #expect(try store.runs(PageQuery()).items.count == 1)
    }

    @Test("aliases and ids find models; a base model is made once")
    func models() throws {
        let store = try Store(folder: folder.path)
        let sha256 = try store.blob("weights")
        let model = try store.createBaseModel(name: "base", sha256: sha256, summary: ["a": 1.5])
        #expect(try store.createBaseModel(name: "base", sha256: sha256, summary: [:]) == model)
        _ = try store.setAlias("default", model: "base")
        #expect(try store.model("default") == model)
        #expect(try store.model(model.id).summary == ["a": 1.5])
        #expect(throws: StoreError.self) { try store.model("none") }
        #expect(throws: StoreError.self) { try store.setAlias("x", model: "none") }
    }

    @Test("blobs are addressed by their SHA-256, kept whole, and discarded without a trace")
    func blobs() throws {
        let store = try Store(folder: folder.path)
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(try store.blob("abc") == known)
        #expect(try String(contentsOfFile: store.blobs.path(known), encoding: .utf8) == "abc")
        let file = store.blobs.scratch + "/made"
        try Data("abc".utf8).write(to: URL(fileURLWithPath: file))
        #expect(try store.blobs.keep(file: file, moving: false) == known)
        #expect(FileManager.default.fileExists(atPath: file))
        #expect(try store.blobs.keep(file: file, moving: true) == known)
        #expect(!FileManager.default.fileExists(atPath: file))
        let writer = try store.blobs.writer()
        try writer.write([1, 2])
        #expect(writer.count == 2)
        writer.discard()
        #expect(throws: StoreError.self) { try writer.write([3]) }
        #expect(throws: StoreError.self) { try writer.keep() }
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.blobs.scratch).isEmpty)
        #expect(!store.blobs.contains("../../etc/passwd"))
    }
}
