import API
import ArgumentParser
import Foundation
import Store

struct KeysCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make an API key and print it, once.",
        discussion: """
            The key alone goes to standard output, what it may do to standard error.

            Examples:
              polytask keys create --name chatbot --scopes infer --requests-per-minute 600
              KEY=$(polytask keys create --name ci --scopes infer,train)
              polytask keys create --name prometheus --scopes metrics
            """)

    @Option(help: ArgumentHelp("What the key is for.", valueName: "NAME"))
    var name: String

    @Option(
        help: ArgumentHelp(
            "Comma-separated: infer, train, admin, worker, metrics.", valueName: "SCOPES"))
    var scopes: String

    @Option(
        name: .customLong("requests-per-minute"),
        help: ArgumentHelp("Most requests a minute; none: no limit.", valueName: "N"))
    var requestsPerMinute: Int?

    @Option(help: ArgumentHelp("Most requests at a time; none: no limit.", valueName: "N"))
    var concurrent: Int?

    @OptionGroup var data: DataFolder

    func validate() throws {
        guard Identifier.isValid(name) else {
            throw ValidationError("--name must be \(Identifier.rule)")
        }
        _ = try chosenScopes()
        for (option, value) in [
            ("--requests-per-minute", requestsPerMinute), ("--concurrent", concurrent),
        ] {
            guard let value, !(1...1_000_000).contains(value) else { continue }
            throw ValidationError("\(option) must be 1 to 1000000, found \(value)")
        }
    }

    func run() throws {
        do {
            let (key, secret) = try data.openKeys().create(
                name: name, scopes: try chosenScopes(), requestsPerMinute: requestsPerMinute,
                concurrent: concurrent)
            FileHandle.standardError.write(
                Data("made \(KeysList.line(key)); the key is shown only now:\n".utf8))
            print(secret)
        } catch let error as StoreError {
            throw CommandFailure("the key was not made: \(error.message)")
        }
    }

    private func chosenScopes() throws -> Set<KeyScope> {
        let names = scopes.split(separator: ",", omittingEmptySubsequences: false)
        let chosen = try names.map { name in
            guard let scope = KeyScope(rawValue: String(name)) else {
                let known = KeyScope.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--scopes must be a comma-separated list of \(known)")
            }
            return scope
        }
        return Set(chosen)
    }
}
