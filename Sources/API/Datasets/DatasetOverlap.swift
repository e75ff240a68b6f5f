import Datasets
import Glibc
import HTTP
import JSON
import Store

extension API {
    /// GET /v1/datasets/{id}/overlap?with=: rows of one data set that occur in another one, since a
    /// test row that was trained on is the commonest silent mistake.
    @Sendable func datasetOverlap(_ request: Request) async throws -> Response {
        var query = try QueryReader(request)
        guard let other = try query.identifier("with") else {
            throw APIError.missing("with", "the id of the other data set in the query")
        }
        try query.finish()
        let id = try request.id("data set")
        let overlap = try await stored { store in
            let first = try store.dataset(id)
            let second = try store.dataset(other)
            return try Overlap(
                LineFile(store.blobs.path(first.sha256)),
                in: LineFile(store.blobs.path(second.sha256)))
        }
        return .json([
            "object": "dataset.overlap", "dataset": .string(id), "with": .string(other),
            "rows": .count(overlap.rows), "inputs": .count(overlap.inputs),
            "examples": .array(overlap.examples.map { .count($0) }),
        ])
    }
}

/// How many rows of a file occur in another. Rows are compared by a hash of 128 bits: O(rows) time,
/// 32 bytes of memory a row.
struct Overlap {
    static let examplesMax = 20

    /// Rows that are there word for word.
    private(set) var rows = 0
    /// Rows whose text, prompt or messages are there, whatever their label or completion.
    private(set) var inputs = 0
    /// The first of the latter, counted from 1.
    private(set) var examples: [Int] = []

    private struct Digest: Hashable {
        var high: UInt64
        var low: UInt64

        init(_ bytes: [UInt8]) {
            let digest = SHA256.bytes(bytes)
            high = digest[..<8].reduce(0) { $0 << 8 | UInt64($1) }
            low = digest[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    init(_ file: LineFile, in other: LineFile) throws {
        var knownRows: Set<Digest> = []
        var knownInputs: Set<Digest> = []
        try other.forEachLine { line in
            knownRows.insert(Digest(line))
            knownInputs.insert(Digest(try Self.input(line)))
        }
        var number = 0
        try file.forEachLine { line in
            number += 1
            if knownRows.contains(Digest(line)) { rows += 1 }
            guard knownInputs.contains(Digest(try Self.input(line))) else { return }
            inputs += 1
            if examples.count < Self.examplesMax { examples.append(number) }
        }
    }

    /// What a model is asked with: the text or texts, the prompt, or the messages before the last
    /// answer.
    private static func input(_ line: [UInt8]) throws -> [UInt8] {
        Array(try Row(line: line).question.utf8)
    }
}
