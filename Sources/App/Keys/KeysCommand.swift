import ArgumentParser
import Store

struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Make, list and revoke API keys.",
        discussion: """
            The commands work beside a running server, which sees a change within a second. A key
            is shown once, when it is made; only its digest is kept.

            Scopes: infer (classify, generate), train (data sets, runs), admin (models, aliases),
            worker (remote workers), metrics (/metrics).
            """,
        subcommands: [KeysCreate.self, KeysList.self, KeysRevoke.self])
}

extension DataFolder {
    /// - Throws: `CommandFailure` in one line.
    func openKeys() throws -> KeyBook {
        do {
            return try KeyBook(folder: path)
        } catch let error as StoreError {
            throw CommandFailure(
                "the keys cannot be read: \(error.message). Name the server's data folder with "
                    + "--data; `polytask doctor` tells more")
        }
    }
}
