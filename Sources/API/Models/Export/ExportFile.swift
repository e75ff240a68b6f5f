import Archives
import Glibc
import HTTP

/// What a client downloads: pieces of memory and of files, one after the other. A folder becomes a
/// tar archive on the way out, which never exists on the disk.
final class ExportFile: Sendable {
    private enum Content: Sendable {
        case bytes([UInt8])
        case file(OpenFile)
    }

    private struct Piece: Sendable {
        /// Where it lies in the whole.
        var range: Range<Int>
        var content: Content
    }

    static let chunkBytes = 1 << 18

    let bytes: Int
    private let pieces: [Piece]

    private init(_ contents: [(count: Int, content: Content)]) {
        var end = 0
        pieces = contents.filter { $0.count > 0 }.map { count, content in
            defer { end += count }
            return Piece(range: end..<end + count, content: content)
        }
        bytes = end
    }

    /// One file.
    /// - Throws: `APIError` when it cannot be opened.
    convenience init(file path: String) throws {
        let file = try OpenFile(path)
        self.init([(file.bytes, .file(file))])
    }

    /// A folder's files, in the order of `names`, as a tar archive with all of them in one folder.
    convenience init(folder: String, names: [String], called name: String) throws {
        var contents: [(Int, Content)] = []
        for file in names {
            let open = try OpenFile("\(folder)/\(file)")
            let entry = TarEntry(name: "\(name)/\(file)", bytes: open.bytes)
            contents.append((TarEntry.blockBytes, .bytes(entry.header)))
            contents.append((open.bytes, .file(open)))
            let padding = TarEntry.padded(open.bytes) - open.bytes
            contents.append((padding, .bytes([UInt8](repeating: 0, count: padding))))
        }
        let end = 2 * TarEntry.blockBytes
        contents.append((end, .bytes([UInt8](repeating: 0, count: end))))
        self.init(contents)
    }

    /// Sends a part; reads on `executor`, since a disk may be slow.
    func write(_ range: Range<Int>, to writer: StreamWriter, on executor: BlockingExecutor)
        async throws
    {
        for piece in pieces where piece.range.overlaps(range) {
            let part = piece.range.clamped(to: range)
            let own =
                part.lowerBound - piece.range.lowerBound..<part.upperBound
                - piece.range.lowerBound
            switch piece.content {
            case .bytes(let bytes): try await writer.write(Array(bytes[own]))
            case .file(let file):
                for start in stride(from: own.lowerBound, to: own.upperBound, by: Self.chunkBytes) {
                    let count = min(Self.chunkBytes, own.upperBound - start)
                    try await writer.write(executor.run { try file.read(start, count) })
                }
            }
        }
    }
}

/// A file that stays readable although its name may go.
private final class OpenFile: Sendable {
    private let descriptor: Int32
    let bytes: Int

    init(_ path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            throw APIError(.internal, "an exported file cannot be opened")
        }
        bytes = Int(status.st_size)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func read(_ offset: Int, _ count: Int) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let taken = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled,
                    off_t(offset + filled))
                if taken < 0, errno == EINTR { continue }
                guard taken > 0 else { throw APIError(.internal, "an export cannot be read") }
                filled += taken
            }
        }
    }
}
