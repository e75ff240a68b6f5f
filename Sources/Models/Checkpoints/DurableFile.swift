import Glibc

/// A file that appears whole or not at all: written beside its place, synced, then renamed.
struct DurableFile: ~Copyable {
    private let path: String
    private let temporary: String
    private let descriptor: Int32
    private var isCommitted = false

    init(_ path: String) throws {
        self.path = path
        temporary = "\(path).\(getpid()).part"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("create", errno) }
    }

    /// A whole file at once.
    static func write(_ bytes: [UInt8], to path: String) throws {
        var file = try DurableFile(path)
        try bytes.withUnsafeBytes { try file.write($0) }
        try file.commit()
    }

    deinit {
        close(descriptor)
        if !isCommitted { unlink(temporary) }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard let base = bytes.baseAddress else { return }
        var offset = 0
        while offset < bytes.count {
            let written = Glibc.write(descriptor, base + offset, bytes.count - offset)
            if written < 0 {
                if errno == EINTR { continue }
                throw Self.failure("write", errno)
            }
            offset += written
        }
    }

    /// Makes the file visible under its name, on disk.
    mutating func commit() throws {
        guard fsync(descriptor) == 0 else { throw Self.failure("sync", errno) }
        guard rename(temporary, path) == 0 else { throw Self.failure("rename", errno) }
        isCommitted = true
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw Self.failure("open the folder of", errno) }
        defer { close(handle) }
        guard fsync(handle) == 0 else { throw Self.failure("sync the folder of", errno) }
    }

    private static func failure(_ action: String, _ code: Int32) -> ModelError {
        ModelError(
            code: [ENOSPC, EDQUOT, EFBIG].contains(code) ? "out_of_space" : "io",
            message: "cannot \(action) the model file: \(String(cString: strerror(code)))")
    }
}
