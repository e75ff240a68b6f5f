import Foundation

/// Exports that were made lately, each in a folder by its key. They are made again when they are
/// asked for again: equal keys make equal bytes, so that a download goes on where it stopped.
actor ExportShelf {
    private let folder: String
    private let foldersMax: Int
    /// Least recently used first.
    private var ready: [String] = []
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

    init(folder: String, foldersMax: Int) {
        self.folder = folder
        self.foldersMax = foldersMax
    }

    /// The folder of an export; the first who asks makes it, others wait for that.
    /// - Parameter make: makes the folder at a path, and leaves nothing when it throws.
    func path(_ key: String, make: @Sendable (String) async throws -> Void) async throws -> String {
        while waiting[key] != nil {
            await withCheckedContinuation { waiting[key, default: []].append($0) }
        }
        try Task.checkCancellation()
        let path = "\(folder)/\(key)"
        if let index = ready.firstIndex(of: key) {
            ready.append(ready.remove(at: index))
            return path
        }
        waiting[key] = []
        defer { for next in waiting.removeValue(forKey: key) ?? [] { next.resume() } }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        do {
            try await make(path)
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
        ready.append(key)
        // Who is downloading has the files open: they stay until the last one is done.
        while ready.count > foldersMax {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(ready.removeFirst())")
        }
        return path
    }
}
