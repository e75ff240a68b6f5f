import ArgumentParser
import Glibc
import Store

/// Where a server keeps its database and files.
struct DataFolder: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Folder of the database and files.",
            discussion: "Default: $POLYTASK_DATA_DIR, else ./data.", valueName: "DIR"))
    var data: String?

    var path: String {
        if let data { return data }
        guard let value = getenv("POLYTASK_DATA_DIR"), value.pointee != 0 else { return "data" }
        return String(cString: value)
    }

    /// - Throws: `CommandFailure` in one line.
    func open() throws -> Store {
        do {
            return try Store(folder: path)
        } catch let error as StoreError where error.code == "locked" || error.code == "conflict" {
            throw CommandFailure(
                "another polytask has the data folder open: stop it first, or name another "
                    + "folder with --data (\(error.message))")
        } catch let error as StoreError {
            throw CommandFailure(
                "the data folder cannot be used: \(error.message). Check that it exists and is "
                    + "writable, or name another with --data; `polytask doctor` tells more")
        } catch {
            throw CommandFailure(
                "the data folder cannot be used (\(error)): check that it is writable, or name "
                    + "another with --data")
        }
    }
}
