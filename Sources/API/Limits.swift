/// Every bound of the API, by name. Each has a default, and an error that names it.
package struct APILimits: Sendable {
    package var jsonBodyBytesMax = 2 * 1024 * 1024
    package var uploadBytesMax = 64 * 1024 * 1024 * 1024
    /// Uploads that have begun and are not complete, and how long one may take.
    package var partialUploadsMax = 64
    package var partialUploadSeconds = 7.0 * 86_400
    package var modelBytesMax = 64 * 1024 * 1024 * 1024
    /// Exports that stay on the disk for those who go on with a download.
    package var exportsMax = 2
    package var problemBytesMax = 4 * 1024
    package var reportBytesMax = 64 * 1024
    package var pageRowsMax = 100
    package var pageBytesMax = 1024 * 1024
    package var metricsPageMax = 1000
    package var tasksMax = 32
    package var stagesMax = 64
    package var namesMax = 64
    package var epochsMax = 1000
    package var batchTokensMax = 65_536
    package var classifyInputsMax = 256
    /// Token ids of one input.
    package var embeddingTokensMax = 65_536
    package var generateChoicesMax = 4
    package var stopStringsMax = 8
    package var stopBytesMax = 256
    package var logprobsMax = 20
    package var timeoutMillisecondsMax = 600_000
    package var followersMax = 256
    /// Requests under way by class; one more gets 429. Together the first two stay below what the
    /// pool takes.
    package var classifyRequestsMax = 160
    package var generateRequestsMax = 64
    package var uploadsMax = 32
    package var otherRequestsMax = 1024
    package var storeThreads = 4
    package var storeQueueMax = 1024
    package var pingSeconds = 10.0
    package var pollSeconds = 0.3
    /// How soon a new or revoked key counts.
    package var keyRefreshSeconds = 1.0

    package init() {}
}
