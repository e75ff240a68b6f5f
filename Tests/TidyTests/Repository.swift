import Foundation

/// The package's own files, as the tidy tests read them.
enum Repository {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Paths below `folder` with one of the extensions, relative to the root, sorted.
    static func files(under folder: String, extensions: Set<String>) -> [String] {
        let base = root.appendingPathComponent(folder)
        guard let walker = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil)
        else { return [] }
        return walker.compactMap { $0 as? URL }
            .filter { extensions.contains($0.pathExtension) }
            .map { String($0.path.dropFirst(root.path.count + 1)) }
            .sorted()
    }

    static let swiftSources = files(under: "Sources", extensions: ["swift"])
}
