package import WorkerProtocol

/// What a generation yields: text as it comes, then the count of what it took.
package enum GenerateOutput: Sendable {
    case delta(GenerateDelta)
    case usage(GenerateUsage)
}
