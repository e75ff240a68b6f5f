import GRDB

extension Store {
    /// A page of a table by its monotonic number, so that pages never skip or repeat.
    /// `after` that names no row is an error: it would silently start over.
    func page<T: Sendable>(
        _ query: PageQuery, of table: String, called what: String, _ make: (Row) throws -> T
    ) throws -> Page<T> {
        try read { db in
            var condition = ""
            var arguments: StatementArguments = []
            if let after = query.after {
                let number = try Int64.fetchOne(
                    db, sql: "SELECT number FROM \(table) WHERE id = ?", arguments: [after])
                guard let number else { throw StoreError.notFound(what, after) }
                condition = "WHERE number \(query.descending ? "<" : ">") ?"
                arguments = [number]
            }
            let limit = max(query.limit, 0)
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM \(table) \(condition)
                    ORDER BY number \(query.descending ? "DESC" : "ASC") LIMIT \(limit + 1)
                    """, arguments: arguments)
            return Page(items: try rows.prefix(limit).map(make), hasMore: rows.count > limit)
        }
    }
}
