import Glibc

/// Appends to an upload. One owner, one call after the other.
package final class PartialWriter: @unchecked Sendable {
    // @unchecked because one request uses it, each call awaited.
    private let descriptor: Int32
    private let write: FileSystem.Write

    init(_ descriptor: Int32, write: @escaping FileSystem.Write) {
        self.descriptor = descriptor
        self.write = write
    }

    deinit { close(descriptor) }

    /// - Throws: `disk_full` and others; what was written before stays.
    package func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try FileSystem.writeAll(descriptor, $0, by: write) }
    }

    /// What was appended survives power loss.
    package func sync() throws { try FileSystem.sync(descriptor) }
}

/// Reads an upload from its start. One owner, one call after the other.
package final class PartialReader: @unchecked Sendable {
    // @unchecked because one request uses it, each call awaited.
    private let descriptor: Int32
    private static let pieceBytes = 1 << 20

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// The next piece; nil at the end.
    package func next() throws -> [UInt8]? {
        let piece = try [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
            count = Int(
                try FileSystem.retrying("reading an upload") {
                    Int32(read(descriptor, buffer.baseAddress, buffer.count))
                })
        }
        return piece.isEmpty ? nil : piece
    }
}
