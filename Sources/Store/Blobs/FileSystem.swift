// Every file system call of the module, EINTR handled once, errno turned into a StoreError.
// Messages name the operation, never a path.

import Glibc

package enum FileSystem {
    /// write(2), or a stand-in of a test: the bytes taken, or -1 and errno.
    package typealias Write = @Sendable (Int32, UnsafeRawPointer, Int) -> Int

    package static let write: Write = { Glibc.write($0, $1, $2) }

    static func failure(_ operation: String, _ code: Int32 = errno) -> StoreError {
        let reason = String(cString: strerror(code))
        switch code {
        case ENOSPC, EDQUOT, EFBIG:
            return StoreError(
                code: "disk_full",
                message: "\(operation): \(reason); free some space in the data folder")
        case EACCES, EPERM, EROFS:
            return StoreError(
                code: "unwritable",
                message: "\(operation): \(reason); give this user the right to write there")
        default: return StoreError(code: "internal", message: "\(operation): \(reason)")
        }
    }

    static func retrying(_ operation: String, _ call: () -> Int32) throws -> Int32 {
        while true {
            let result = call()
            if result >= 0 { return result }
            guard errno == EINTR else { throw failure(operation) }
        }
    }

    static func makeFolder(_ path: String) throws {
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex
            else { throw failure("making a folder") }
            try makeFolder(String(path[..<slash]))
            if mkdir(path, 0o700) != 0, errno != EEXIST { throw failure("making a folder") }
        }
    }

    static func writeAll(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, by write: Write
    ) throws {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = write(descriptor, base, rest.count)
            if count < 0 {
                guard errno == EINTR else { throw failure("writing a file") }
            } else {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    /// Gives `body` the file's bytes piece by piece.
    static func read(_ descriptor: Int32, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try buffer.withUnsafeMutableBytes { bytes in
                let count = Glibc.read(descriptor, bytes.baseAddress, bytes.count)
                if count > 0 {
                    let filled = UnsafeRawBufferPointer(bytes)[..<count]
                    try body(UnsafeRawBufferPointer(rebasing: filled))
                }
                return count
            }
            if count == 0 { return }
            if count < 0, errno != EINTR { throw failure("reading a file") }
        }
    }

    static func sync(_ descriptor: Int32) throws {
        _ = try retrying("flushing a file") { fsync(descriptor) }
    }

    static func syncFolder(_ path: String) throws {
        let descriptor = try retrying("opening a folder") {
            open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        defer { close(descriptor) }
        try sync(descriptor)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func removeContents(of folder: String) throws {
        for name in try names(in: folder) {
            let path = "\(folder)/\(name)"
            if unlink(path) != 0, errno == EISDIR || errno == EPERM { try removeFolder(path) }
        }
    }

    /// With everything in it.
    static func removeFolder(_ path: String) throws {
        try removeContents(of: path)
        rmdir(path)
    }

    /// Of the files and folders in it, in no order.
    static func names(in folder: String) throws -> [String] {
        guard let stream = opendir(folder) else { throw failure("listing a folder") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
