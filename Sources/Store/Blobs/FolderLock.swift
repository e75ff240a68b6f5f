import Glibc

/// Holds a data folder for this process until it is released or the process ends.
final class FolderLock: Sendable {
    private let descriptor: Int32

    init(_ folder: String) throws {
        descriptor = try FileSystem.retrying("opening the lock file") {
            open("\(folder)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else {
                throw FileSystem.failure("locking the data folder", code)
            }
            throw StoreError(
                code: "locked",
                message: "another server uses this data folder; stop it or choose another folder")
        }
    }

    deinit { close(descriptor) }
}
