import Models
import Tensor
import WorkerProtocol

/// The models in memory; the one unused for longest goes first.
final class ModelCache {
    private struct Entry {
        var key: ModelKey
        var model: Model
        var bytes: Int
    }

    private let backend: any Backend
    private let bytesMax: Int
    /// Least recently used first.
    private var entries: [Entry] = []

    /// At least one model stays, whatever its size.
    init(backend: any Backend, bytesMax: Int) {
        self.backend = backend
        self.bytesMax = bytesMax
    }

    /// The model; loaded here and now where it was let go since it was asked for.
    /// - Throws: `ModelError`, `BackendFailure`.
    func model(_ files: ModelFiles) throws -> Model {
        let key = ModelKey(files)
        if let index = entries.firstIndex(where: { $0.key == key }) {
            let entry = entries.remove(at: index)
            entries.append(entry)
            return entry.model
        }
        let model = try Self.load(files, backend: backend)
        insert(model, key)
        return model
    }

    func contains(_ files: ModelFiles) -> Bool {
        let key = ModelKey(files)
        return entries.contains { $0.key == key }
    }

    /// - Throws: `ModelError`, `BackendFailure`.
    static func load(_ files: ModelFiles, backend: any Backend) throws -> Model {
        let model = try Model(
            base: files.base.path, weights: files.weights?.path, backend: backend)
        if let failure = backend.failure {
            backend.clearFailure()
            throw failure
        }
        return model
    }

    /// Takes in a model, and lets others go where all together are too large.
    func insert(_ model: Model, _ key: ModelKey) {
        let bytes = model.parameters.reduce(0) {
            $0 + $1.value.count * MemoryLayout<Float>.stride
        }
        entries.append(Entry(key: key, model: model, bytes: bytes))
        while entries.count > 1, entries.reduce(0, { $0 + $1.bytes }) > bytesMax {
            entries.removeFirst()
        }
    }

    func unload(_ key: ModelKey) {
        entries.removeAll { $0.key == key }
    }
}

/// What makes two models the same: their files' contents.
struct ModelKey: Hashable {
    var base: String
    var weights: String?

    init(_ files: ModelFiles) {
        base = files.base.sha256
        weights = files.weights?.sha256
    }
}
