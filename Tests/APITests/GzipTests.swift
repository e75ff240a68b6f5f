import HTTP
import JSON
import Testing

@testable import API

@Suite struct GzipTests {
    /// Two labelled rows, as `gzip -9n` (GNU gzip) writes them.
    static let packed: [UInt8] = [
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x2a, 0x49, 0xad,
        0x28, 0x51, 0xb2, 0x52, 0x4a, 0x54, 0xd2, 0x51, 0xca, 0x49, 0x4c, 0x4a, 0xcd, 0x01, 0xb2,
        0x2b, 0x94, 0x6a, 0xb9, 0xaa, 0x61, 0x12, 0x49, 0x48, 0x12, 0x95, 0x40, 0x09, 0x00, 0x41,
        0xba, 0x43, 0xc5, 0x32, 0x00, 0x00, 0x00,
    ]
    static let rows =
        "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"y\"}\n"

    private func decode(
        _ pieces: [[UInt8]], bytesMax: Int = 1000
    ) throws -> [UInt8] {
        let decoder = GzipDecoder(bytesMax: bytesMax)
        var decoded: [UInt8] = []
        for piece in pieces { try decoder.feed(piece) { decoded += $0 } }
        try decoder.finish()
        return decoded
    }

    @Test("A body is decoded at once, byte by byte, and as several members")
    func decodes() throws {
        let expected = Array(Self.rows.utf8)
        #expect(try decode([Self.packed]) == expected)
        #expect(try decode(Self.packed.map { [$0] }) == expected)
        #expect(try decode([Self.packed + Self.packed]) == expected + expected)
        #expect(try decode([Self.packed, [], Self.packed]) == expected + expected)
    }

    @Test("Every truncation, a flipped bit and bytes behind the end are refused")
    func refuses() {
        for count in 0..<Self.packed.count {
            #expect(throws: APIError.self, "\(count)") {
                try decode([Array(Self.packed[..<count])])
            }
        }
        for index in [0, 1, 2, 20, 46, 50] {
            var damaged = Self.packed
            damaged[index] ^= 0x55
            #expect(throws: APIError.self, "\(index)") { try decode([damaged]) }
        }
        #expect(throws: APIError.self) { try decode([Self.packed + [1, 2, 3]]) }
    }

    @Test("The limit counts decoded bytes")
    func limit() {
        let most = Self.rows.utf8.count
        #expect(throws: Never.self) { try decode([Self.packed], bytesMax: most) }
        let error = #expect(throws: APIError.self) { try decode([Self.packed], bytesMax: most - 1) }
        #expect(error?.code == .tooLarge)
    }

    @Test("Compressed rows become the same data set as bare ones; too many answer 413")
    func upload() async throws {
        let fixture = try Fixture()
        func upload(_ fixture: Fixture) async -> Fixture.Answer {
            await fixture.send(
                .post, "/v1/datasets", query: [("name", "x")],
                fields: ["Content-Encoding": "gzip"], bytes: Self.packed)
        }
        let packed = await upload(fixture)
        #expect(packed.status == 201, "\(packed.text)")
        #expect(packed.json["rows"] == 2)
        let bare = await fixture.upload("y", Self.rows)
        #expect(packed.json["sha256"] == bare.json["sha256"])
        var limits = APILimits()
        limits.uploadBytesMax = 49
        #expect(await upload(try Fixture(limits: limits)).status == 413)
    }

    @Test("Rows that another data set has too are found, word for word or by their input")
    func overlap() async throws {
        let fixture = try Fixture()
        let train = await fixture.datasetID(Self.rows + "{\"text\":\"c\",\"label\":\"x\"}\n")
        let test = await fixture.datasetID(
            "{\"text\":\"new\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"x\"}\n"
                + "{\"text\":\"a\",\"label\":\"x\"}\n")
        let answer = await fixture.send(
            .get, "/v1/datasets/\(test)/overlap", query: [("with", train)])
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["rows"] == 1)
        #expect(answer.json["inputs"] == 2)
        #expect(answer.json["examples"] == [2, 3])
        let none = await fixture.send(.get, "/v1/datasets/\(test)/overlap")
        #expect(none.parameter == "with")
        let unknown = await fixture.send(
            .get, "/v1/datasets/\(test)/overlap", query: [("with", "ds_none")])
        #expect(unknown.status == 404)
    }
}
