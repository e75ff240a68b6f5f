import API
import Foundation
import HTTP
import JSON
import Store
import Testing

@Suite("Uploads in pieces") struct UploadTests {
    private func begin(_ fixture: Fixture, _ body: JSON = ["name": "rows"]) async -> String {
        await fixture.post("/v1/uploads", body).json["id"]?.string ?? ""
    }

    private func append(
        _ fixture: Fixture, _ id: String, at offset: Int, _ text: String
    ) async -> Fixture.Answer {
        await fixture.send(
            .patch, "/v1/uploads/\(id)", fields: ["Upload-Offset": "\(offset)"], body: text)
    }

    @Test("Pieces cut anywhere make the data set that one request would have made")
    func life() async throws {
        let fixture = try Fixture()
        let made = await fixture.post("/v1/uploads", ["name": "rows"])
        let id = try #require(made.json["id"]?.string)
        #expect(made.status == 201 && made.fields["Location"] == "/v1/uploads/\(id)")
        let rows = Array(Fixture.labelled)
        var offset = 0
        for length in [1, 50, 7, rows.count - 58] {
            let piece = String(rows[offset..<(offset + length)])
            let answer = await append(fixture, id, at: offset, piece)
            offset += length
            #expect(answer.status == 204 && answer.fields["Upload-Offset"] == "\(offset)")
        }
        let state = await fixture.send(.get, "/v1/uploads/\(id)")
        #expect(state.json["offset"]?.integer == Int64(offset))
        let head = await fixture.send(.head, "/v1/uploads/\(id)")
        #expect(head.fields["Upload-Offset"] == "\(offset)")
        let whole = await fixture.send(.post, "/v1/uploads/\(id)/complete")
        #expect(whole.status == 201)
        let single = await fixture.upload("rows", Fixture.labelled)
        #expect(whole.json["sha256"] == single.json["sha256"] && whole.json["rows"] == 10)
        #expect(await fixture.send(.get, "/v1/uploads/\(id)").status == 404)
        let again = await fixture.send(.post, "/v1/uploads/\(id)/complete")
        #expect(again.status == 201 && again.json["id"] == whole.json["id"])
    }

    @Test("A piece at another offset changes nothing and is told the right one")
    func misplaced() async throws {
        let fixture = try Fixture()
        let id = await begin(fixture)
        _ = await append(fixture, id, at: 0, "abc")
        for offset in [0, 2, 4] {
            let answer = await append(fixture, id, at: offset, "x")
            #expect(answer.status == 409 && answer.fields["Upload-Offset"] == "3")
        }
        let unsaid = await fixture.send(.patch, "/v1/uploads/\(id)", body: "x")
        #expect(unsaid.status == 400 && unsaid.parameter == "Upload-Offset")
        #expect(await fixture.send(.get, "/v1/uploads/\(id)").json["offset"] == 3)
    }

    @Test("What was acknowledged is there after a restart, and a half-made upload is not")
    func restart() async throws {
        let fixture = try Fixture()
        let id = await begin(fixture)
        _ = await append(fixture, id, at: 0, Fixture.labelled)
        let half = fixture.folder + "/uploads/up_half.new"
        try FileManager.default.createDirectory(
            atPath: half, withIntermediateDirectories: false)
        let reopened = try PartialUploads(folder: fixture.folder)
        #expect(try reopened.find(id).count == Fixture.labelled.utf8.count)
        #expect(!FileManager.default.fileExists(atPath: half))
    }

    @Test("Rows that are not valid are reported, and the upload stays until it is given up")
    func invalid() async throws {
        let fixture = try Fixture()
        let id = await begin(fixture)
        _ = await append(fixture, id, at: 0, "not json\n")
        let refused = await fixture.send(.post, "/v1/uploads/\(id)/complete")
        #expect(refused.status == 400 && refused.code == "invalid_data")
        #expect(await fixture.send(.get, "/v1/uploads/\(id)").status == 200)
        #expect(await fixture.send(.delete, "/v1/uploads/\(id)").json["deleted"] == true)
        #expect(await fixture.send(.get, "/v1/uploads/\(id)").status == 404)
    }

    @Test("There is a limit to the bytes of one upload and to the uploads under way")
    func limits() async throws {
        var limits = APILimits()
        limits.uploadBytesMax = 5
        limits.partialUploadsMax = 2
        let fixture = try Fixture(limits: limits)
        let id = await begin(fixture)
        #expect(await append(fixture, id, at: 0, "abcdef").status == 413)
        #expect(await append(fixture, id, at: 0, "abcde").status == 204)
        #expect(await append(fixture, id, at: 5, "f").status == 413)
        _ = await begin(fixture)
        #expect(await fixture.post("/v1/uploads", ["name": "x"]).status == 409)
    }

    @Test(
        "No other id becomes a path", arguments: ["x", "up_", "up_../../../../etc/pas", "up_ABC"])
    func ids(id: String) throws {
        let fixture = try Fixture()
        #expect(throws: StoreError.self) { try fixture.store.uploads.find(id) }
    }
}
