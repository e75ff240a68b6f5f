import Glibc

enum ScratchFile {
    /// Removes a file; one that is not there is as good.
    static func remove(_ path: String) {
        unlink(path)
    }
}
