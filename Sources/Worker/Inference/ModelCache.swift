import Models
import Tensor
import WorkerProtocol

/// The models in memory; the one unused for longest goes first. A backbone that several share
/// counts once.
final class ModelCache {
    private struct Entry {
        var key: ModelKey
        var model: Model
    }

    private let load: (ModelFiles) throws -> Model
    private let bytesMax: Int
    /// Least recently used first.
    private var entries: [Entry] = []

    /// At least one model stays, whatever its size.
    init(bytesMax: Int, load: @escaping (ModelFiles) throws -> Model) {
        self.bytesMax = bytesMax
        self.load = load
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
        let model = try load(files)
        insert(model, key)
        return model
    }

    func contains(_ files: ModelFiles) -> Bool {
        let key = ModelKey(files)
        return entries.contains { $0.key == key }
    }

    /// Takes in a model, and lets others go where all together are too large.
    func insert(_ model: Model, _ key: ModelKey) {
        model.attach()
        entries.append(Entry(key: key, model: model))
        while entries.count > 1, bytes > bytesMax { entries.removeFirst() }
    }

    func unload(_ key: ModelKey) {
        entries.removeAll { $0.key == key }
    }

    var bytes: Int {
        var backbones: Set<ObjectIdentifier> = []
        return entries.reduce(0) { sum, entry in
            let isNew = backbones.insert(ObjectIdentifier(entry.model.backbone)).inserted
            let shared = isNew ? 0 : entry.model.backbone.parameters.count
            return sum
                + entry.model.parameters.dropFirst(shared).reduce(0) {
                    $0 + $1.value.count * MemoryLayout<Float>.stride
                }
        }
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
