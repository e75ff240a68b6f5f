import Models
import Synchronization
import WorkerProtocol

/// Loads models on a thread of its own, one after the other, while those in memory go on. A model
/// comes with a backend of its own, since a backend belongs to one thread at a time.
final class ModelLoader: Sendable {
    typealias Load = @Sendable (ModelFiles) throws -> Model

    /// A model on its way from the thread that loaded it to the one that will own it.
    // @unchecked because it is handed over once, and the first thread then forgets it.
    private struct Loaded: @unchecked Sendable {
        var files: ModelFiles
        var result: Result<Model, WorkerFailure>
    }

    private struct State {
        var waiting: [ModelFiles] = []
        var isLoading = false
        var loaded: [Loaded] = []
    }

    private let load: Load
    private let wake: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameter wake: called when a model is there to be taken.
    init(load: @escaping Load, wake: @escaping @Sendable () -> Void) {
        self.load = load
        self.wake = wake
    }

    func add(_ files: ModelFiles) {
        let isFirst = state.withLock { state in
            state.waiting.append(files)
            defer { state.isLoading = true }
            return !state.isLoading
        }
        guard isFirst else { return }
        do {
            try OwnThread.start("load") { [self] in run() }
        } catch {
            fail(WorkerFailure(code: "internal", message: "\(error)"))
        }
    }

    /// What was loaded, or why it was not, since the last call.
    func take() -> [(files: ModelFiles, result: Result<Model, WorkerFailure>)] {
        state.withLock { state in
            defer { state.loaded = [] }
            return state.loaded
        }.map { ($0.files, $0.result) }
    }

    private func run() {
        while let files = next() {
            let loaded = Loaded(
                files: files, result: Result { try load(files) }.mapError { WorkerFailure($0) })
            state.withLock { $0.loaded.append(loaded) }
            wake()
        }
    }

    private func next() -> ModelFiles? {
        state.withLock { state in
            state.isLoading = !state.waiting.isEmpty
            return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
    }

    private func fail(_ failure: WorkerFailure) {
        state.withLock { state in
            state.loaded += state.waiting.map { Loaded(files: $0, result: .failure(failure)) }
            state.waiting = []
            state.isLoading = false
        }
        wake()
    }
}
