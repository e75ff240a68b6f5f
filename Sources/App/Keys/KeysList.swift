import ArgumentParser
import Foundation
import Store

struct KeysList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the API keys, the revoked ones too.")

    @OptionGroup var data: DataFolder

    func run() throws {
        let keys: [KeyRecord]
        do {
            keys = try data.openKeys().list()
        } catch let error as StoreError {
            throw CommandFailure("the keys cannot be read: \(error.message)")
        }
        for key in keys { print(Self.line(key)) }
        if keys.isEmpty { print("no keys yet: polytask keys create --name NAME --scopes infer") }
    }

    static func line(_ key: KeyRecord) -> String {
        var parts = [key.id, key.name, key.scopes.map(\.rawValue).sorted().joined(separator: ",")]
        if let limit = key.requestsPerMinute { parts.append("\(limit) requests/min") }
        if let limit = key.concurrent { parts.append("\(limit) at a time") }
        if let time = key.revoked {
            let date = Date(timeIntervalSince1970: time).formatted(.iso8601)
            parts.append("revoked \(date)")
        }
        return parts.joined(separator: "  ")
    }
}
