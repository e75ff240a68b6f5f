import Datasets
import Foundation
import JSON
import Testing

@Suite("A stored data set is read back")
struct DatasetFileTests {
    @Test("all rows, and pages by row number, across buffers")
    func pages() throws {
        let rows = (1...900).map { Row.text("\($0)" + String(repeating: "é", count: $0)) }
        let path = try file(rows.map { $0.json.text + "\n" }.joined())
        defer { unlink(path) }
        #expect(try DatasetFile.rows(path) == rows)
        let page = try DatasetFile.rows(path, after: 890, limit: 5)
        #expect(page.rows.map(\.number) == Array(891...895))
        #expect(page.rows.map(\.row) == Array(rows[890..<895]))
        #expect(page.hasMore)
        let last = try DatasetFile.rows(path, after: 895, limit: 5)
        #expect(last.rows.count == 5)
        #expect(!last.hasMore)
        #expect(try DatasetFile.rows(path, after: 5000, limit: 5).rows.isEmpty)
    }

    @Test("a file cut short or not there is an error")
    func corrupt() throws {
        let path = try file("{\"text\":\"a\"}\n{\"text\":\"b\"")
        defer { unlink(path) }
        #expect(throws: DatasetError.self) { try DatasetFile.rows(path) }
        #expect(throws: DatasetError.self) { try DatasetFile.rows(path + ".none") }
    }

    private func file(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.path + "/rows-\(UUID().uuidString)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }
}
