import Synchronization

/// Keeps workspaces between encodings: one for each thread that encodes at the same time.
final class WorkspacePool: Sendable {
    final class Lease: @unchecked Sendable {  // because the pool gives each to one caller at a time
        var workspace = Workspace()
    }

    /// More threads than that make workspaces that are not kept.
    private static let keptMax = 16

    private let free = Mutex<[Lease]>([])

    func take() -> Lease { free.withLock { $0.popLast() } ?? Lease() }

    func give(back lease: Lease) {
        free.withLock { if $0.count < Self.keptMax { $0.append(lease) } }
    }
}
