import API
import Foundation
import HTTP
import Testing

/// The operations of openapi.yaml, read by its own layout: two spaces a level.
struct OpenAPIOutline {
    struct Operation: Hashable {
        var method: String
        var path: String
    }
    private(set) var operations: Set<Operation> = []
    private(set) var secured: Set<Operation> = []
    private(set) var open: Set<Operation> = []

    init(_ text: String) {
        var isInPaths = false
        var path = ""
        var current: Operation?
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            if !line.hasPrefix(" ") { isInPaths = line == "paths:" }
            guard isInPaths else { continue }
            let indent = line.prefix { $0 == " " }.count
            let key = line.dropFirst(indent)
            if indent == 2, key.hasPrefix("/") {
                path = String(key.dropLast())
                current = nil
            } else if indent == 4 {
                let methods = ["get", "post", "put", "patch", "delete"]
                let name = String(key.dropLast())
                current =
                    methods.contains(name)
                    ? Operation(method: name.uppercased(), path: path) : nil
                if let current { operations.insert(current) }
            } else if indent == 6, let current {
                if key == "security:" { secured.insert(current) }
                if key == "security: []" { open.insert(current) }
            }
        }
    }
}

@Suite struct OpenAPITests {
    private let outline = OpenAPIOutline(String(decoding: API.openAPIText, as: UTF8.self))

    @Test("The registry and openapi.yaml name the same operations")
    func sameOperations() throws {
        let routes = try Fixture().api.routes.map {
            OpenAPIOutline.Operation(method: $0.method.rawValue, path: $0.pattern)
        }
        #expect(Set(routes).count == routes.count)
        #expect(Set(routes) == outline.operations)
        #expect(outline.operations.count > 15)
    }

    @Test("Every operation but livez and readyz declares the key")
    func security() {
        let open = Set(outline.open.map(\.path))
        #expect(open == Gate.open)
        #expect(outline.secured.union(outline.open) == outline.operations)
    }

    @Test("Every route but livez and readyz answers 401 without the key")
    func deniedByDefault() async throws {
        let fixture = try Fixture(key: "the-key")
        for route in fixture.api.routes {
            let path = route.pattern.replacingOccurrences(of: "{id}", with: "x")
            let answer = await fixture.send(route.method, path)
            if Gate.open.contains(route.pattern) {
                #expect(answer.status == 200, "\(route.pattern)")
            } else {
                #expect(answer.status == 401, "\(route.pattern)")
                #expect(answer.fields["WWW-Authenticate"]?.hasPrefix("Bearer") == true)
            }
        }
    }
}
