/// A stored data set that cannot be read. What is wrong with an *upload* is a `ValidationFailure`.
package struct DatasetError: Error, Sendable, Equatable {
    /// `unreadable` or `corrupt`.
    package var code: String
    package var message: String
}

/// What is wrong with one row of an upload; `line` is the physical line on which the row starts.
package struct RowProblem: Error, Sendable, Equatable {
    package var line: Int
    package var column: String?
    package var message: String

    package init(line: Int, column: String?, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }
}

/// Why an upload was refused: the first problems by line, and how many more there were.
package struct ValidationFailure: Error, Sendable, Equatable {
    package var problems: [RowProblem]
    package var more: Int

    package init(problems: [RowProblem], more: Int) {
        self.problems = problems
        self.more = more
    }
}

/// A problem before its line number is known.
struct RowFault: Error {
    var column: String?
    var message: String

    init(_ column: String?, _ message: String) {
        self.column = column
        self.message = message
    }
}
