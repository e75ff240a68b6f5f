import Foundation

/// Exports that were made lately, each in a folder by its key. They are made again when they are
/// asked for again: equal keys make equal bytes, so that a download goes on where it stopped.
actor ExportShelf {
    private let folder: String
    private let foldersMax: Int
    /// Least recently used first.
    private var ready: [String] = []
    /// Who waits for a folder that is being made or removed.
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
    /// A large file takes its time to go.
    private let files = BlockingExecutor(threads: 1, waitingMax: .max)

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
        let path = path(key)
        if let index = ready.firstIndex(of: key) {
            ready.append(ready.remove(at: index))
            return path
        }
        waiting[key] = []
        defer { letIn(key) }
        do {
            try await files.run { [folder] in
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true)
            }
            try await make(path)
        } catch {
            await remove(path)
            throw error
        }
        ready.append(key)
        // Who is downloading has the files open: they stay until the last one is done.
        while ready.count > foldersMax {
            let oldest = ready.removeFirst()
            waiting[oldest] = []
            await remove(self.path(oldest))
            letIn(oldest)
        }
        return path
    }

    private func path(_ key: String) -> String { "\(folder)/\(key)" }

    private func remove(_ path: String) async {
        try? await files.run { try FileManager.default.removeItem(atPath: path) }
    }

    private func letIn(_ key: String) {
        for next in waiting.removeValue(forKey: key) ?? [] { next.resume() }
    }
}
