import ArgumentParser
import Store

struct KeysRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke an API key for good.",
        discussion: """
            A running server refuses it within a second.

            Example:
              polytask keys revoke key_5f0c…
            """)

    @Argument(help: ArgumentHelp("The key's id, from `polytask keys list`.", valueName: "ID"))
    var id: String

    @OptionGroup var data: DataFolder

    func run() throws {
        do {
            try data.openKeys().revoke(id)
            print("revoked \(id)")
        } catch let error as StoreError {
            throw CommandFailure("no key was revoked: \(error.message)")
        }
    }
}
