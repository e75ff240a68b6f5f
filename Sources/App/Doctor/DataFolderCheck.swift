import Foundation
import Glibc
import Store

/// The data folder: writable, roomy, its database readable, a model in it.
struct DataFolderCheck {
    /// A checkpoint of a 135M model with its moments is 1.6 GB; two exist while one is replaced.
    private static let spaceWantedBytes = 4.0 * 1_073_741_824

    let path: String

    func findings() -> [Finding] {
        guard FileManager.default.fileExists(atPath: path) else { return [absent()] }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            return [
                .fail(
                    "data folder", "\(path) is not writable",
                    "give this user the right to write there, or name another with --data")
            ]
        }
        return [.ok("data folder", "\(path) is writable"), space(path)] + contents()
    }

    private func absent() -> Finding {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard access(parent, W_OK | X_OK) == 0 else {
            return .fail(
                "data folder", "\(path) does not exist and cannot be made",
                "make it, or name another with --data or POLYTASK_DATA_DIR")
        }
        return .warn(
            "data folder", "\(path) does not exist yet",
            "polytask models import FILE makes it and imports a pretrained model")
    }

    private func space(_ path: String) -> Finding {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else {
            return .warn("free space", "unknown", "check the file system of the data folder")
        }
        let free = Double(status.f_bavail) * Double(status.f_frsize)
        let what = MachineCheck.gibibytes(free)
        guard free >= Self.spaceWantedBytes else {
            return .warn(
                "free space", what, "checkpoints of a 135M model want about 4 GiB: make room")
        }
        return .ok("free space", what)
    }

    private func contents() -> [Finding] {
        guard FileManager.default.fileExists(atPath: "\(path)/polytask.sqlite") else {
            return [
                .warn("database", "none yet", "polytask models import FILE makes it")
            ]
        }
        do {
            let store = try Store(folder: path)
            let models = try store.models(PageQuery(limit: 100)).items.filter { $0.kind == "base" }
            let names = models.map(\.name).joined(separator: ", ")
            let schema = Finding.ok("database", "schema is current")
            guard !models.isEmpty else {
                return [
                    schema,
                    .warn(
                        "base models", "none",
                        "polytask models import FILE imports a pretrained model"),
                ]
            }
            return [schema, .ok("base models", names)]
        } catch let error as StoreError where error.code == "locked" {
            return [.ok("database", "in use by a running server")]
        } catch let error as StoreError {
            return [
                .fail(
                    "database", error.message,
                    "restore the data folder from a backup, or start with a new one (--data)")
            ]
        } catch {
            return [
                .fail(
                    "database", "cannot be opened (\(error))",
                    "check the rights of the files in the data folder")
            ]
        }
    }
}
