/// Which request a job is for, so that a worker's log lines can be found by it.
package struct JobOrigin: Codable, Sendable, Equatable {
    /// The `X-Request-Id`.
    package var request: String
    /// The ids of a W3C trace, lower-case hex; nil where the request named none.
    package var trace: String?
    package var parent: String?

    package init(request: String, trace: String? = nil, parent: String? = nil) {
        self.request = request
        self.trace = trace
        self.parent = parent
    }

    /// The request that the current task answers.
    @TaskLocal package static var current: JobOrigin?
}
