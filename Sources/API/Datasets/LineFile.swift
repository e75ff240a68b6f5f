import Glibc
import Store

/// A file of lines, read from the start in pieces: O(bytes up to the last line asked for).
struct LineFile {
    private let path: String

    init(_ path: String) { self.path = path }

    /// The lines after the first `after`, without their newlines: at most `limit`, and no more
    /// once they hold `bytesMax` bytes together (one line is always given).
    func lines(
        after: Int, limit: Int, bytesMax: Int
    ) throws -> (lines: [[UInt8]], hasMore: Bool) {
        var lines: [[UInt8]] = []
        var size = 0
        var hasMore = false
        try scan(after: after) { line in
            guard lines.count < limit && (size <= bytesMax || lines.isEmpty) else {
                hasMore = true
                return false
            }
            size += line.count
            lines.append(line)
            return true
        }
        return (lines, hasMore)
    }

    func forEachLine(_ body: ([UInt8]) throws -> Void) throws {
        try scan(after: 0) { line in
            try body(line)
            return true
        }
    }

    /// Gives the lines after the first `after` to `body` until it says that it has enough.
    private func scan(after: Int, _ body: ([UInt8]) throws -> Bool) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw StoreError(code: "corrupt", message: "a stored data set cannot be opened")
        }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 256 * 1024)
        var line: [UInt8] = []
        var number = 0
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw StoreError(code: "corrupt", message: "a stored data set cannot be read")
            }
            if count == 0 { return }
            var rest = buffer[..<count]
            while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
                if number >= after {
                    line.append(contentsOf: rest[..<newline])
                    guard try body(line) else { return }
                    line = []
                }
                number += 1
                rest = rest[(newline + 1)...]
            }
            if number >= after { line.append(contentsOf: rest) }
        }
    }
}
