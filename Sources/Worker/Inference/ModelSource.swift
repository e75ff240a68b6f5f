import Models
import Synchronization
import Tensor
import WorkerProtocol

/// Reads models from their files. What was fine-tuned beside a frozen backbone gets the backbone
/// of its base model, which is in memory once for all of them. On any thread.
final class ModelSource: Sendable {
    /// A base model that others may stand beside, as long as somebody holds it.
    // @unchecked because of a model that another thread owns only what never changes is read.
    private struct Host: @unchecked Sendable {
        weak var model: Model?
    }

    private let threads: Int
    private let backend: @Sendable (_ threads: Int) -> any Backend
    /// By the base file's hash.
    private let hosts = Mutex<[String: Host]>([:])

    /// - Parameters:
    ///   - threads: of the backends of whole models.
    ///   - backend: makes a new one; each model has its own, as a backend belongs to one thread at
    ///     a time.
    init(threads: Int, backend: @escaping @Sendable (_ threads: Int) -> any Backend) {
        self.threads = threads
        self.backend = backend
    }

    /// The owner attaches its adapters.
    /// - Throws: `ModelError`, `BackendFailure`.
    func load(_ files: ModelFiles) throws -> Model {
        guard let weights = files.weights else { return try host(files.base) }
        guard try Model.isAddition(weights.path) else {
            return try read(threads) { backend in
                try Model(base: files.base.path, weights: weights.path, backend: backend)
            }
        }
        let host = try host(files.base)
        // Of its backend nothing but memory is used.
        return try read(1) { backend in
            try Model(
                beside: host, weights: weights.path, key: "\(weights.sha256)/", backend: backend)
        }
    }

    private func host(_ base: BlobReference) throws -> Model {
        if let there = hosts.withLock({ $0[base.sha256] })?.model { return there }
        let model = try read(threads) { try Model(base: base.path, backend: $0) }
        let host = Host(model: model)
        hosts.withLock { hosts in
            hosts = hosts.filter { $0.value.model != nil }
            hosts[base.sha256] = host
        }
        return model
    }

    private func read(
        _ threads: Int, _ body: (any Backend) throws -> Model
    ) throws -> Model {
        let backend = backend(threads)
        let model = try body(backend)
        if let failure = backend.failure { throw failure }
        return model
    }
}
