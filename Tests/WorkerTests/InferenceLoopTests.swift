import Dispatch
import Testing
import WorkerProtocol

@testable import Worker

@Suite(.serialized) struct InferenceLoopTests {
    func text(_ replies: [WorkerReply], choice: Int) -> String {
        replies.reduce(into: "") { text, reply in
            if case .delta(_, let delta) = reply, delta.choice == choice { text += delta.text }
        }
    }

    @Test("Two continuations of one job are those of two jobs with the seeds one apart")
    func choices() async throws {
        let worker = try WorkerFixture.make(role: "infer")
        let both = try await worker.exchange([.generate(worker.generation(1, tokens: 8, n: 2))]) {
            $0.isFinal
        }
        guard case .generated(1, let usage) = both.last else {
            Issue.record("no usage")
            return
        }
        #expect(usage.completionTokens <= 16)
        #expect(usage.promptTokens == 5, "one token a byte")
        var second = worker.generation(2, tokens: 8)
        second.sampling.seed += 1
        let alone = try await worker.exchange([.generate(second)]) { $0.isFinal }
        #expect(text(both, choice: 1) == text(alone, choice: 0))
        #expect(text(both, choice: 0) != text(both, choice: 1))
    }

    @Test("A prompt that cannot be served is refused with the reason, and the worker goes on")
    func refused() async throws {
        let worker = try WorkerFixture.make(role: "infer")
        let long = String(repeating: "x", count: 500)
        let replies = try await worker.exchange([
            .generate(worker.generation(1, tokens: 8, prompt: long))
        ]) { $0.isFinal }
        guard case .refused(1, let failure) = replies.last else {
            Issue.record("served")
            return
        }
        #expect(failure.code == "invalid_input")
        #expect(!failure.message.contains("xxx"), "no user text in messages")
        let next = try await worker.exchange([.generate(worker.generation(2, tokens: 2))]) {
            $0.isFinal
        }
        guard case .generated(2, _) = next.last else {
            Issue.record("not served")
            return
        }
    }

    @Test("A missing model file is refused, not fatal")
    func missing() async throws {
        let worker = try WorkerFixture.make(role: "infer")
        var job = worker.generation(1, tokens: 2)
        job.files.base = BlobReference(sha256: "none", path: worker.folder + "/none.gguf")
        let replies = try await worker.exchange([.generate(job)]) { $0.isFinal }
        guard case .refused(1, _) = replies.last else {
            Issue.record("served")
            return
        }
    }

    @Test("A cancelled generation stops long before its end")
    func cancelled() async throws {
        let worker = try WorkerFixture.make(role: "infer")
        let replies = try await worker.exchange([
            .generate(worker.generation(1, tokens: 120)), .cancel(id: 1),
        ]) { $0.isFinal }
        let tokens = replies.reduce(0) { sum, reply in
            if case .delta(_, let delta) = reply { sum + delta.tokens } else { sum }
        }
        #expect(tokens < 120)
        switch replies.last {
        case .generated(1, _), .refused(1, _): break
        default: Issue.record("no last word")
        }
    }

    @Test("Classifications that arrive together answer as they do alone, each with its own tokens")
    func coalesced() async throws {
        let worker = try WorkerFixture.make(role: "infer")
        let files = try worker.classifier()
        let inputs = ["one", "two words", "", "four"]
        let jobs = inputs.enumerated().map { id, input in
            ClassifyJob(
                id: id, model: "m", files: files, task: "intent", inputs: [InputText(input)],
                truncate: false)
        }
        var alone: [Int: ClassifyResult] = [:]
        for job in jobs {
            let reply = try await worker.exchange([.classify(job)]) { $0.isFinal }.last
            if case .classified(let id, let result) = reply { alone[id] = result }
        }
        #expect(alone.keys.sorted() == [0, 1, 3], "the empty input is refused")
        // A long generation first, so that all of them wait while one token is computed.
        let counter = Counter(last: jobs.count)
        let replies = try await worker.exchange(jobs.map { .classify($0) }) {
            $0.isFinal && counter.isLast()
        }
        var refused: [Int] = []
        for reply in replies {
            switch reply {
            case .classified(let id, let result):
                let expected = try #require(alone[id])
                #expect(result.promptTokens == expected.promptTokens)
                for (got, want) in zip(result.logits.joined(), expected.logits.joined()) {
                    // Float32 sums in another order where rows share a product: a few ulps.
                    #expect(abs(got - want) < 1e-4)
                }
            case .refused(let id, let failure):
                refused.append(id)
                #expect(failure.code == "invalid_input")
            default: break
            }
        }
        #expect(refused == [2])
    }

    @Test("A request of many texts answers as its texts do alone, and a short one overtakes it")
    func largeRequest() async throws {
        let worker = try WorkerFixture.make(role: "infer")
        let files = try worker.classifier()
        let texts = (0..<60).map { "\($0) " + String(repeating: "x", count: 40 + $0) }
        func job(_ id: Int, _ inputs: [String]) -> ClassifyJob {
            ClassifyJob(
                id: id, model: "m", files: files, task: "intent",
                inputs: inputs.map { InputText($0) }, truncate: false)
        }
        let counter = Counter(last: 2)
        let replies = try await worker.exchange([
            .classify(job(1, texts)), .classify(job(2, ["short"])),
        ]) { $0.isFinal && counter.isLast() }
        let order = replies.compactMap { reply -> Int? in
            if case .classified(let id, _) = reply { id } else { nil }
        }
        #expect(order == [2, 1])
        guard case .classified(1, let whole) = replies.last else { return }
        #expect(whole.logits.count == texts.count)
        #expect(whole.promptTokens == texts.reduce(0) { $0 + $1.utf8.count }, "one token a byte")
        for index in [0, 17, 59] {
            let reply = try await worker.exchange([.classify(job(3, [texts[index]]))]) {
                $0.isFinal
            }.last
            guard case .classified(3, let alone) = reply else { continue }
            for (got, want) in zip(whole.logits[index], alone.logits[0]) {
                // Float32 sums in another order where rows share a product: a few ulps.
                #expect(abs(got - want) < 1e-4)
            }
        }
        let bad = try await worker.exchange([.classify(job(4, texts + [""]))]) { $0.isFinal }.last
        guard case .refused(4, let failure) = bad else {
            Issue.record("served")
            return
        }
        #expect(failure.message.contains("input[60]"))
    }

    @Test("A model that loads holds up nobody who wants one in memory; who left meanwhile is told")
    func loading() async throws {
        let gate = DispatchSemaphore(value: 0)
        let worker = try WorkerFixture.make(role: "infer") { files in
            if files.base.sha256 == "slow" { gate.wait() }
        }
        _ = try await worker.exchange([.generate(worker.generation(0, tokens: 2))]) { $0.isFinal }
        var slow = worker.generation(1, tokens: 2)
        slow.files.base.sha256 = "slow"
        var left = slow
        left.id = 2
        let first = try await worker.exchange([
            .generate(slow), .generate(left), .generate(worker.generation(3, tokens: 2)),
        ]) { $0.isFinal }
        guard case .generated(3, _) = first.last else {
            Issue.record("the other model was not served: \(String(describing: first.last))")
            return
        }
        let gone = try await worker.exchange([.cancel(id: 2)]) { $0.isFinal }
        guard case .refused(2, let failure) = gone.last else {
            Issue.record("not told")
            return
        }
        #expect(failure.code == "cancelled")
        gate.signal()
        let loaded = try await worker.exchange([]) { $0.isFinal }
        guard case .generated(1, _) = loaded.last else {
            Issue.record("not served once loaded")
            return
        }
    }

    @Test("Training is refused here")
    func trains() async throws {
        let worker = try WorkerFixture.make(role: "infer")
        let replies = try await worker.exchange([.train(TrainingLoopTests.job(worker))]) {
            $0.isFinal
        }
        guard case .failed = replies.last else {
            Issue.record("accepted")
            return
        }
    }
}

/// Counts calls on one thread.
final class Counter: @unchecked Sendable {
    // because one client thread uses it.
    private var seen = 0
    private let last: Int
    init(last: Int) { self.last = last }
    func isLast() -> Bool {
        seen += 1
        return seen == last
    }
}
