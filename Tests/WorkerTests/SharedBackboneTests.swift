import CPUBackend
import Models
import Tensor
import Testing
import WorkerProtocol

@testable import Worker

@Suite(.serialized) struct SharedBackboneTests {
    @Test("Models beside one base model share its backbone, which counts once and stays as it is")
    func shared() throws {
        let worker = try WorkerFixture.make(role: "infer")
        let source = ModelSource(threads: 1) { CPUBackend(threads: $0) }
        let cache = ModelCache(bytesMax: .max, load: source.load)
        let one = try cache.model(worker.adapted("one", seed: 1))
        let alone = cache.bytes
        let two = try cache.model(worker.adapted("two", seed: 2))
        let base = try cache.model(worker.files)
        #expect(one.backbone === two.backbone && base.backbone === one.backbone)
        let weights = 4 * base.backbone.configuration.parameterCount
        #expect(cache.bytes < alone + weights)
        #expect(one.adapterKey(task: "intent") != two.adapterKey(task: "intent"))
        let matrix = one.backbone.lastSharedMatrix
        #expect(matrix.adapters.count == 2)
        // A full copy has a backbone of its own.
        #expect(try cache.model(worker.classifier()).backbone !== one.backbone)
    }

    @Test("An adapter goes with the last who uses it")
    func gone() throws {
        let worker = try WorkerFixture.make(role: "infer")
        let source = ModelSource(threads: 1) { CPUBackend(threads: $0) }
        let cache = ModelCache(bytesMax: .max, load: source.load)
        let files = try worker.adapted("one", seed: 1)
        var model: Model? = try cache.model(files)
        let matrix = try #require(model).backbone.lastSharedMatrix
        cache.unload(ModelKey(files))
        #expect(matrix.adapters.count == 1)
        model = nil
        #expect(matrix.adapters.isEmpty)
    }

    private func text(_ replies: [WorkerReply], _ id: Int) -> String {
        replies.reduce(into: "") { text, reply in
            if case .delta(id, let delta) = reply { text += delta.text }
        }
    }

    @Test("Adapters of one base model write and classify side by side, each as it does alone")
    func mixed() async throws {
        let worker = try WorkerFixture.make(role: "infer")
        let files = [try worker.adapted("one", seed: 1), try worker.adapted("two", seed: 2)]
        func write(_ id: Int, _ files: ModelFiles) -> WorkerRequest {
            var job = worker.generation(id, tokens: 12)
            job.files = files
            return .generate(job)
        }
        func classify(_ id: Int, _ files: ModelFiles) -> WorkerRequest {
            .classify(
                ClassifyJob(
                    id: id, model: "m", files: files, task: "intent",
                    inputs: [InputText("some text")],
                    truncate: false))
        }
        var requests = [write(1, files[0]), write(2, files[1]), write(3, worker.files)]
        requests += [classify(4, files[0]), classify(5, files[1])]
        var alone: [WorkerReply] = []
        for request in requests { alone += try await worker.exchange([request]) { $0.isFinal } }
        let counter = Counter(last: requests.count)
        let together = try await worker.exchange(requests) { $0.isFinal && counter.isLast() }
        for id in 1...3 { #expect(text(together, id) == text(alone, id)) }
        #expect(Set((1...3).map { text(alone, $0) }).count == 3)
        func logits(_ replies: [WorkerReply], _ wanted: Int) -> [Float] {
            replies.reduce(into: []) { logits, reply in
                if case .classified(wanted, let result) = reply { logits = result.logits[0] }
            }
        }
        for id in [4, 5] {
            let (a, b) = (logits(together, id), logits(alone, id))
            #expect(a.count == 2 && zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 })
        }
        #expect(logits(alone, 4) != logits(alone, 5))
    }
}
