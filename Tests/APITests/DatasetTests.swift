import API
import Foundation
import Glibc
import HTTP
import JSON
import Synchronization
import Testing

@Suite struct DatasetTests {
    @Test("An upload becomes a data set that can be read, listed and deleted")
    func life() async throws {
        let fixture = try Fixture()
        let made = await fixture.upload("reviews", Fixture.labelled)
        #expect(made.status == 201)
        #expect(made.json["rows"] == 10)
        #expect(made.json["labels"] == ["bad": 5, "good": 5])
        let id = made.json["id"]?.string ?? ""
        #expect(made.fields["Location"] == "/v1/datasets/\(id)")
        #expect(await fixture.send(.get, "/v1/datasets/\(id)").json == made.json)
        let page = await fixture.send(
            .get, "/v1/datasets/\(id)/rows", query: [("limit", "2"), ("after", "7")])
        #expect(page.json["data"]?.array?.count == 2)
        #expect(page.json["data"]?.array?.first?["row"]?["text"] == "row 7")
        #expect(page.json["has_more"] == true)
        #expect(page.json["last_id"] == "9")
        let rest = await fixture.send(.get, "/v1/datasets/\(id)/rows", query: [("after", "9")])
        #expect(rest.json["data"]?.array?.count == 1)
        #expect(rest.json["has_more"] == false)
        #expect(await fixture.send(.delete, "/v1/datasets/\(id)").json["deleted"] == true)
        #expect(await fixture.send(.get, "/v1/datasets/\(id)").status == 404)
    }

    @Test("Bad rows are reported with their lines, and nothing is stored")
    func badRows() async throws {
        let fixture = try Fixture()
        let rows = "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\"}\nnot json\n"
        let answer = await fixture.upload("bad", rows)
        #expect(answer.status == 400)
        #expect(answer.code == "invalid_data")
        #expect(answer.json["errors"]?.array?.compactMap { $0["line"]?.integer } == [2, 3])
        #expect(await fixture.send(.get, "/v1/datasets").json["data"] == [])
        #expect(answer.fields["Content-Type"] == "application/problem+json")
    }

    @Test("A report of very many bad rows stays under 64 KiB")
    func longReport() async throws {
        let rows = String(repeating: "{\"text\":1}\n", count: 20_000)
        let answer = await (try Fixture()).upload("bad", rows)
        #expect(answer.status == 400)
        #expect(answer.bytes.count <= 64 * 1024)
    }

    @Test(
        "The content type decides how rows are read",
        arguments: [
            ("text/csv", "text,label\na,x\nb,y\n", 201),
            ("text/plain; charset=utf-8", "one\n\ntwo\n", 201),
            ("application/x-www-form-urlencoded", "{\"text\":\"a\"}\n", 201),
            ("application/json", "{\"text\":\"a\"}\n", 415),
            ("text/plain; charset=latin1", "a", 415),
        ])
    func contentTypes(type: String, body: String, status: Int) async throws {
        let answer = await (try Fixture()).upload("x", body, fields: ["Content-Type": type])
        #expect(answer.status == status)
    }

    @Test("A browser's form cannot upload, nor can rows in an unknown coding")
    func refusedUploads() async throws {
        let fixture = try Fixture()
        let form = await fixture.upload("x", "{\"text\":\"a\"}", fields: ["Sec-Fetch-Site": "none"])
        #expect(form.status == 415)
        let brotli = await fixture.upload("x", "", fields: ["Content-Encoding": "br"])
        #expect(brotli.status == 415)
        #expect(await fixture.upload("x", "").status == 400)
    }

    @Test("The same Idempotency-Key gives the same data set, another body 422")
    func idempotency() async throws {
        let fixture = try Fixture()
        let fields = ["Idempotency-Key": "k1"]
        let first = await fixture.upload("a", Fixture.labelled, fields: fields)
        let again = await fixture.upload("a", Fixture.labelled, fields: fields)
        #expect(again.status == 201)
        #expect(again.json["id"] == first.json["id"])
        #expect(await fixture.upload("a", Fixture.completions, fields: fields).status == 422)
        #expect(await fixture.upload("b", Fixture.labelled, fields: fields).status == 422)
        #expect(await fixture.send(.get, "/v1/datasets").json["data"]?.array?.count == 1)
    }

    @Test("Pages follow each other without skipping or repeating")
    func pages() async throws {
        let fixture = try Fixture()
        for index in 0..<5 { await fixture.upload("d\(index)", Fixture.labelled) }
        for order in ["asc", "desc"] {
            var names: [String] = []
            var after: String?
            repeat {
                var query = [(name: "limit", value: "2"), (name: "order", value: order)]
                if let after { query.append((name: "after", value: after)) }
                let page = await fixture.send(.get, "/v1/datasets", query: query).json
                names += page["data"]?.array?.compactMap { $0["name"]?.string } ?? []
                after = page["has_more"] == true ? page["last_id"]?.string : nil
            } while after != nil && names.count < 20
            let expected = (0..<5).map { "d\($0)" }
            #expect(names == (order == "asc" ? expected : expected.reversed()))
        }
    }

    @Test(
        "Queries are read strictly",
        arguments: [
            ("limit", "0"), ("limit", "101"), ("limit", "+5"), ("limit", "５"), ("order", "up"),
            ("color", "red"), ("after", "../x"),
        ])
    func strictQueries(name: String, value: String) async throws {
        let answer = await (try Fixture()).send(.get, "/v1/datasets", query: [(name, value)])
        #expect(answer.status == 400)
        #expect(answer.parameter == name)
    }

    @Test("A full disk is answered 507, leaves nothing behind, and the next upload works")
    func diskFull() async throws {
        let disk = Disk(room: 100)
        let fixture = try Fixture(write: { disk.write($0, $1, $2) })
        let full = await fixture.upload("rows", Fixture.labelled)
        #expect(full.status == 507)
        #expect(full.code == "disk_full")
        #expect(disk.room == 0, "the disk took what it had room for")
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.scratch) == [])
        #expect(await fixture.send(.get, "/v1/datasets").json["data"] == [])
        #expect(await fixture.send(.get, "/readyz").status == 200)
        disk.free()
        #expect(await fixture.upload("rows", Fixture.labelled).status == 201)
    }
}

/// Takes so many bytes, then is full.
private final class Disk: Sendable {
    private let left: Atomic<Int>
    init(room: Int) { left = Atomic(room) }
    var room: Int { left.load(ordering: .relaxed) }
    func free() { left.store(.max, ordering: .relaxed) }
    func write(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        let taken = min(count, room)
        guard taken > 0 else {
            errno = ENOSPC
            return -1
        }
        left.subtract(taken, ordering: .relaxed)
        return Glibc.write(descriptor, bytes, taken)
    }
}
