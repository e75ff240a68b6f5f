import GRDB

extension Store {
    /// Removes what no row names: a file that was kept just before its row would have been written,
    /// the files of an import that ended or was deleted. For the start, when nobody else writes.
    func removeLeftovers() throws {
        let imports = "\(folder)/imports"
        let (kept, running) = try read { db in
            (
                try Set(String.fetchAll(db, sql: Self.referencedBlobs)),
                try Set(
                    String.fetchAll(
                        db, sql: "SELECT id FROM imports WHERE status = 'importing'"))
            )
        }
        for sha256 in try blobs.digests() where !kept.contains(sha256) { blobs.delete(sha256) }
        guard FileSystem.exists(imports) else { return }
        for id in try FileSystem.names(in: imports) where !running.contains(id) {
            try FileSystem.removeFolder("\(imports)/\(id)")
        }
    }
}
