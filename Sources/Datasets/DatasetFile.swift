import Glibc

/// Reads a stored data set: canonical JSONL, one row a line.
package enum DatasetFile {
    /// All rows.
    /// - Throws: `DatasetError`.
    package static func rows(_ path: String) throws -> [Row] {
        var rows: [Row] = []
        var reader = try DatasetReader(path)
        while let row = try reader.next() { rows.append(row) }
        return rows
    }

    /// At most `limit` rows after row number `after`; rows count from 1. Reads the file up to
    /// there, without parsing what it skips.
    package static func rows(
        _ path: String, after: Int, limit: Int
    ) throws -> (rows: [(number: Int, row: Row)], hasMore: Bool) {
        var reader = try DatasetReader(path)
        var rows: [(number: Int, row: Row)] = []
        while reader.number < after {
            guard try reader.skip() else { return ([], false) }
        }
        while rows.count < limit {
            guard let row = try reader.next() else { return (rows, false) }
            rows.append((reader.number, row))
        }
        return (rows, try reader.skip())
    }
}

/// Streams the rows of a stored data set in their order, one buffer in memory.
package struct DatasetReader: ~Copyable {
    private static let chunkBytes = 1 << 18

    private let file: UnsafeMutablePointer<FILE>
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    /// The number of the row last read, counted from 1.
    package private(set) var number = 0

    package init(_ path: String) throws {
        guard let file = fopen(path, "rbe") else {
            throw DatasetError(
                code: "unreadable", message: "a data set's file cannot be opened: errno \(errno)")
        }
        self.file = file
    }

    deinit { fclose(file) }

    /// The next row; nil after the last.
    package mutating func next() throws -> Row? {
        guard let range = try line() else { return nil }
        return try Row(line: buffer[range])
    }

    /// Passes over the next row; false when there is none.
    package mutating func skip() throws -> Bool { try line() != nil }

    private mutating func line() throws -> Range<Int>? {
        var searched = start
        while true {
            if let end = newline(from: searched) {
                defer { start = end + 1 }
                number += 1
                return start..<end
            }
            searched = buffer.count
            if isAtEnd {
                guard start < buffer.count else { return nil }
                throw DatasetError(
                    code: "corrupt", message: "a data set's file ends inside a row")
            }
            searched -= start
            try fill()
        }
    }

    private func newline(from index: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard index < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + index, 0x0A, bytes.count - index)
            else { return nil }
            return base.distance(to: UnsafeRawPointer(found))
        }
    }

    private mutating func fill() throws {
        buffer.removeSubrange(..<start)
        start = 0
        let kept = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Self.chunkBytes))
        let read = buffer.withUnsafeMutableBytes {
            $0.baseAddress.map { fread($0 + kept, 1, Self.chunkBytes, file) } ?? 0
        }
        buffer.removeSubrange((kept + read)...)
        if read < Self.chunkBytes {
            guard ferror(file) == 0 else {
                throw DatasetError(
                    code: "unreadable", message: "a data set's file cannot be read: errno \(errno)")
            }
            isAtEnd = true
        }
    }
}
