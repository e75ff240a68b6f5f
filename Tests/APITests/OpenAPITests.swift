import API
import Foundation
import HTTP
import Store
import Testing

/// The operations of openapi.yaml, read by its own layout: two spaces a level.
struct OpenAPIOutline {
    struct Operation: Hashable {
        var method: String
        var path: String
    }
    private(set) var operations: Set<Operation> = []
    /// Empty: open; `[""]`: any key; else the scopes of which a key needs one.
    private(set) var security: [Operation: Set<String>] = [:]

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
                if key == "security: []" { security[current] = [] }
            } else if indent == 8, let current, key.hasPrefix("- bearer: [") {
                let scope = key.dropFirst("- bearer: [".count).dropLast()
                security[current, default: []].insert(String(scope))
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

    @Test("Every operation declares the scopes that the registry asks for")
    func security() throws {
        for endpoint in try Fixture().api.endpoints {
            let operation = OpenAPIOutline.Operation(
                method: endpoint.method.rawValue, path: endpoint.pattern)
            let declared = outline.security[operation]
            switch endpoint.access {
            case .open: #expect(declared == [], "\(operation)")
            case .anyKey: #expect(declared == [""], "\(operation)")
            case .scopes(let scopes):
                #expect(declared == Set(scopes.map(\.rawValue)), "\(operation)")
            }
        }
    }

    @Test("Only livez and readyz answer without a key; every other route of the document is 401")
    func deniedByDefault() async throws {
        let fixture = try Fixture(key: "the-key")
        for operation in outline.operations {
            let method = try #require(Method(rawValue: operation.method))
            let answer = await fixture.send(method, Self.path(operation))
            if ["/livez", "/readyz"].contains(operation.path) {
                #expect(answer.status == 200, "\(operation)")
            } else {
                #expect(answer.status == 401, "\(operation)")
                #expect(answer.fields["WWW-Authenticate"]?.hasPrefix("Bearer") == true)
            }
        }
    }

    @Test("A key opens the routes of its scope and no other one", arguments: KeyScope.allCases)
    func scopes(scope: KeyScope) async throws {
        let (fixture, key) = try Fixture.withKey([scope])
        for operation in outline.operations {
            let method = try #require(Method(rawValue: operation.method))
            let declared = outline.security[operation] ?? []
            let answer = await fixture.send(
                method, Self.path(operation), fields: ["Authorization": "Bearer \(key)"])
            #expect(answer.status != 401, "\(operation)")
            let isAllowed =
                declared.isEmpty || declared == [""] || declared.contains(scope.rawValue)
            #expect((answer.status == 403) == !isAllowed, "\(operation): \(answer.text)")
        }
    }

    private static func path(_ operation: OpenAPIOutline.Operation) -> String {
        operation.path.replacingOccurrences(
            of: "\\{[a-z]+\\}", with: "x", options: .regularExpression)
    }
}
