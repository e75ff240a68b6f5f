import CPUBackend
import FoundationEssentials
import Glibc
import Models
import Tensor
import TestSupport
import WorkerProtocol

@testable import Worker

/// A worker's loops in this process, spoken with as the server does. The loops never return: their
/// threads stay asleep until the tests end.
struct WorkerFixture {
    let folder: String
    let server: Channel<WorkerReply, WorkerRequest>

    /// - Parameter loading: called before a model is loaded, on the thread that loads it.
    static func make(
        role: String, loading: @escaping @Sendable (ModelFiles) -> Void = { _ in }
    ) throws -> WorkerFixture {
        var ends: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
            throw ProtocolError(code: "io", message: "no socket pair")
        }
        let folder =
            FileManager.default.temporaryDirectory.path + "/worker-\(UInt64.random(in: 0...(.max)))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try TinyLlamaFile.write("\(folder)/tiny.gguf")
        let channel = ServerChannel(descriptor: ends[0])
        let inbox = Inbox<WorkerRequest>()
        try OwnThread.start("reader") {
            while let request = try? channel.receive() { inbox.post(request) }
        }
        try OwnThread.start("compute") {
            let backend = CPUBackend(threads: 1)
            if role == "train" {
                TrainingLoop(backend: backend, channel: channel, inbox: inbox).run()
            } else {
                let source = ModelSource(threads: 1) { CPUBackend(threads: $0) }
                InferenceLoop(backend: backend, channel: channel, inbox: inbox) { files in
                    loading(files)
                    return try source.load(files)
                }.run()
            }
        }
        return WorkerFixture(folder: folder, server: Channel(descriptor: ends[1]))
    }

    var base: BlobReference { BlobReference(sha256: "tiny", path: "\(folder)/tiny.gguf") }
    var files: ModelFiles { ModelFiles(base: base) }

    /// The tiny model with a classification head of two labels for the task `intent`.
    func classifier() throws -> ModelFiles {
        let model = try Model(base: base.path, weights: nil, backend: CPUBackend(threads: 1))
        let head = HeadSpec(
            task: "intent", kind: "classification", labels: ["a", "b"], format: "raw",
            maxLength: 64)
        model.addClassifier(head, seed: 3)
        let weights = "\(folder)/weights.safetensors"
        try model.save(to: weights)
        return ModelFiles(base: base, weights: BlobReference(sha256: "weights", path: weights))
    }

    /// The tiny model with a head for the task `intent` and a random adapter beside its backbone.
    func adapted(_ name: String, seed: UInt64) throws -> ModelFiles {
        let model = try Model(base: base.path, weights: nil, backend: CPUBackend(threads: 1))
        model.addClassifier(
            HeadSpec(
                task: "intent", kind: "classification", labels: ["a", "b"], format: "raw",
                maxLength: 64, adapter: "shared"), seed: 3)
        let adapter = try model.addAdapter(AdapterSpec(name: "shared", rank: 4), seed: seed)
        for parameter in adapter.parameters {
            let values = SeededWeights.values("\(seed)", shape: parameter.value.shape)
            for (i, value) in values.enumerated() { parameter.value.pointer[i] = 3 * value }
        }
        let weights = "\(folder)/\(name).safetensors"
        try model.save(to: weights, includesBackbone: false)
        return ModelFiles(base: base, weights: BlobReference(sha256: name, path: weights))
    }

    /// Sends all requests, then reads until `isLast`; on a thread of its own.
    func exchange(
        _ requests: [WorkerRequest], until isLast: @escaping @Sendable (WorkerReply) -> Bool
    ) async throws -> [WorkerReply] {
        let server = server
        return try await withCheckedThrowingContinuation { continuation in
            do {
                try OwnThread.start("client") {
                    continuation.resume(
                        with: Result {
                            for request in requests { try server.send(request) }
                            var replies: [WorkerReply] = []
                            while let reply = try server.receive() {
                                replies.append(reply)
                                if isLast(reply) { break }
                            }
                            return replies
                        })
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    func generation(_ id: Int, tokens: Int, n: Int = 1, prompt: String = "hello") -> GenerateJob {
        var sampling = SamplingOptions()
        sampling.maxTokens = tokens
        sampling.temperature = 1
        sampling.seed = 7
        return GenerateJob(
            id: id, model: "tiny", files: files, task: nil, prompt: prompt, raw: true, n: n,
            sampling: sampling)
    }
}

extension WorkerReply {
    var isFinal: Bool {
        switch self {
        case .generated, .classified, .refused, .finished, .stopped, .failed: true
        default: false
        }
    }
}
