import ArgumentParser
import JSON
import Store

struct ModelsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the models of a data folder.")

    @OptionGroup var data: DataFolder

    func run() throws {
        let store = try data.open()
        var query = PageQuery(limit: 100)
        var count = 0
        while true {
            let page = try store.models(query)
            for model in page.items { print(Self.line(model)) }
            count += page.items.count
            guard page.hasMore, let last = page.items.last else { break }
            query.after = last.id
        }
        if count == 0 { print("no models yet: polytask models import FILE") }
    }

    private static func line(_ model: ModelRecord) -> String {
        let tasks = (model.summary["tasks"]?.array ?? []).compactMap { task -> String? in
            guard let name = task["name"]?.string, let kind = task["kind"]?.string else {
                return nil
            }
            return "\(name) (\(kind))"
        }
        let end = tasks.isEmpty ? "" : ": " + tasks.joined(separator: ", ")
        return "\(model.id)  \(model.name)  \(model.kind)\(end)"
    }
}
