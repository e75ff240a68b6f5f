import API
import Foundation
import Pool
import Store
import Synchronization
import WorkerProtocol

/// Answers with what the test put in.
final class FakeCompute: ComputeService {
    struct Script: Sendable {
        var isReady = true
        var figures = PoolFigures()
        var lastOrigin: JobOrigin?
        var wakes = 0
        var unloaded: [String] = []
        var labels = ["bad", "good"]
        var logits: [Float] = [0, 1]
        var words: [Int]?
        var lastInputs: [InputText] = []
        var failure: WorkerFailure?
        var outputs: [GenerateOutput] = []
        /// Keep the stream open after the outputs.
        var hangs = false
        var lastTask: String?
        var lastMessages: [ChatTurn]?
        var lastSampling: SamplingOptions?
        var wasCancelled = false
        /// Jobs on files, in order, and what is done for them.
        var fileJobs: [FileJob] = []
        var work: @Sendable (FileJob) throws -> FileResult = FakeCompute.work
    }
    let script = Mutex(Script())

    func set(_ change: (inout sending Script) -> Void) { script.withLock { change(&$0) } }
    func get<T: Sendable>(_ read: (Script) -> T) -> T { script.withLock { read($0) } }

    func unload(model id: String) { script.withLock { $0.unloaded.append(id) } }
    func wake() { script.withLock { $0.wakes += 1 } }
    var workers: [WorkerInfo] { get async { [] } }
    var figures: PoolFigures { script.withLock { $0.figures } }
    var isReady: Bool { get async { script.withLock { $0.isReady } } }

    /// Takes what begins with GGUF, and a folder that has such a file.
    static let work: @Sendable (FileJob) throws -> FileResult = { job in
        guard case .take(var path, _) = job else { return .exported }
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if isFolder.boolValue { path += "/model.gguf" }
        let bytes = FileManager.default.contents(atPath: path) ?? Data()
        guard bytes.starts(with: Data("GGUF".utf8)) else {
            throw WorkerFailure(code: "bad_model", message: "no GGUF")
        }
        return .taken(
            TakenModel(
                path: path, architecture: "llama", parameters: 1, contextLength: 128,
                vocabulary: 10, license: "mit"))
    }

    func work(_ job: FileJob) async throws -> FileResult {
        let work = script.withLock { script in
            script.fileJobs.append(job)
            return script.work
        }
        return try work(job)
    }

    func classify(
        model: ModelRecord, task: String?, inputs: [InputText], truncate: Bool
    ) async throws -> ClassifyResult {
        let script = script.withLock { script in
            script.lastTask = task
            script.lastInputs = inputs
            script.lastOrigin = JobOrigin.current
            return script
        }
        if let failure = script.failure { throw failure }
        return ClassifyResult(
            labels: script.labels, logits: inputs.map { _ in script.logits },
            words: script.words.map { words in inputs.map { _ in words } },
            promptTokens: 3 * inputs.count)
    }

    func generate(
        model: ModelRecord, task: String?, prompt: String, messages: [ChatTurn]?, raw: Bool, n: Int,
        sampling: SamplingOptions
    ) -> AsyncThrowingStream<GenerateOutput, any Error> {
        let script = script.withLock { script in
            script.lastTask = task
            script.lastSampling = sampling
            script.lastMessages = messages
            return script
        }
        return AsyncThrowingStream { continuation in
            continuation.onTermination = { [self] reason in
                if case .cancelled = reason { set { $0.wasCancelled = true } }
            }
            for output in script.outputs { continuation.yield(output) }
            if let failure = script.failure {
                continuation.finish(throwing: failure)
            } else if !script.hangs {
                continuation.finish()
            }
        }
    }
}
