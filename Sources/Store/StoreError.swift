/// Why the store did not do what was asked.
package struct StoreError: Error, Sendable, Equatable {
    /// `not_found`, `conflict`, `idempotency_mismatch`, `precondition_failed`, `disk_full`, `corrupt`, `locked`,
    /// `newer_database`, `unwritable` or `internal`.
    package var code: String
    package var message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    static func notFound(_ what: String, _ id: String) -> StoreError {
        StoreError(code: "not_found", message: "there is no \(what) \(shown(id))")
    }

    /// An identifier as messages may show it: anything else a client sent is not repeated.
    static func shown(_ id: String) -> String {
        let isPlain =
            !id.isEmpty && id.utf8.count <= 64
            && id.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                    || (0x61...0x7A).contains($0) || [0x2D, 0x2E, 0x5F].contains($0)
            }
        return isPlain ? "`\(id)`" : "of that name (\(id.utf8.count) bytes)"
    }
}

extension Store {
    /// What `look` finds; `nil` where there is no such thing.
    package func found<T>(_ look: (Store) throws -> T) throws -> T? {
        do {
            return try look(self)
        } catch let error as StoreError where error.code == "not_found" {
            return nil
        }
    }
}
