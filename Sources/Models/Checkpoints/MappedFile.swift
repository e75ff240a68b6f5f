import Glibc

/// A whole file in memory, read-only. The file must not shrink while it is mapped.
final class MappedFile: @unchecked Sendable {  // because the mapping is never written
    let bytes: UnsafeRawBufferPointer

    /// - Throws: `bad_model` when the file cannot be opened or mapped.
    init(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure("stat", errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ModelError.badModel("model file: not a regular file; name a file")
        }
        let size = Int(status.st_size)
        guard size > 0 else {
            throw ModelError.badModel("model file: it is empty (0 bytes)")
        }
        guard
            let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
            address != MAP_FAILED
        else { throw Self.failure("map", errno) }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
    }

    private static func failure(_ call: String, _ code: Int32) -> ModelError {
        ModelError.badModel("model file: cannot \(call) it (\(String(cString: strerror(code))))")
    }
}
