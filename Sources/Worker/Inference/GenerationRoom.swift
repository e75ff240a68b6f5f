import Inference
import Models
import Tensor
import WorkerProtocol

/// The generations of one backbone, decoded together; each with the adapter of its model and task.
final class GenerationRoom {
    private struct Job {
        /// Kept until the job's end, and its adapters with it.
        var model: Model
        var unfinished: Set<Int>
        var promptTokens: Int
        var completionTokens = 0
        var started: Double
        var firstToken: Double?
    }

    let model: Model
    private let generator: Generator
    private var jobs: [Int: Job] = [:]
    private var sequences: [Int: (job: Int, choice: Int)] = [:]
    private var nextSequence = 0

    init(_ model: Model, backend: any Backend) {
        self.model = model
        generator = Generator(model, backend: backend)
    }

    var isIdle: Bool { jobs.isEmpty }

    /// Continuation k samples with `seed + k`.
    ///
    /// - Throws: `ModelError`, `WorkerFailure`; then nothing of the job runs.
    /// - Parameter model: with the room's backbone.
    func add(_ job: GenerateJob, model: Model) throws {
        let turns = job.messages ?? [ChatTurn(role: "user", content: job.prompt)]
        let messages = turns.map { ChatMessage(role: $0.role, content: $0.content) }
        let head = try head(job, model)
        let format = job.raw ? "raw" : head?.format ?? (model.chatTemplate == nil ? "raw" : "chat")
        let prompt = try model.promptTokens(messages, format: format)
        let task = try voice(head, model)
        var options = GenerationOptions(job.sampling)
        var added: Set<Int> = []
        for choice in 0..<max(job.n, 1) {
            options.seed = job.sampling.seed &+ UInt64(choice)
            // The first is refused or none is: they have the same prompt.
            try generator.add(
                id: nextSequence, prompt: prompt, options: options,
                adapter: task.flatMap { model.adapterKey(task: $0) },
                column: task.map { model.column(task: $0) } ?? 0)
            sequences[nextSequence] = (job.id, choice)
            added.insert(nextSequence)
            nextSequence += 1
        }
        jobs[job.id] = Job(
            model: model, unfinished: added, promptTokens: prompt.count, started: Seconds.now)
    }

    /// The generation task that a job names, or the model's only one.
    private func head(_ job: GenerateJob, _ model: Model) throws -> HeadSpec? {
        let heads = model.heads.filter(\.writesText)
        if let task = job.task {
            guard let head = heads.first(where: { $0.task == task }) else {
                throw WorkerFailure(
                    code: "invalid_input",
                    message: "task: the model has no such generation task; it has "
                        + (heads.isEmpty ? "none" : heads.map(\.task).joined(separator: ", ")))
            }
            return head
        }
        return heads.count == 1 ? heads.first : nil
    }

    /// The task whose adapter and network write: the one of the head, or any where all tasks of the
    /// model have the same.
    private func voice(_ head: HeadSpec?, _ model: Model) throws -> String? {
        if let head { return head.task }
        guard let first = model.heads.first else { return nil }
        guard
            model.heads.allSatisfy({ $0.adapter == first.adapter && $0.column == first.column })
        else {
            let names = model.heads.filter(\.writesText).map(\.task)
            throw WorkerFailure(
                code: "invalid_input",
                message: "task: the model has parameters of their own for its tasks; name one of "
                    + (names.isEmpty
                        ? "them (none of them generates)" : names.joined(separator: ", ")))
        }
        return first.task
    }

    /// Its last word comes with the next step.
    func cancel(_ id: Int) {
        for sequence in jobs[id]?.unfinished ?? [] { generator.cancel(id: sequence) }
    }

    /// One token for everyone; the replies it made.
    func step() -> [WorkerReply] {
        do {
            return try generator.step().flatMap(replies)
        } catch {
            return failAll(WorkerFailure(error))
        }
    }

    /// The generator dropped everything.
    func failAll(_ failure: WorkerFailure) -> [WorkerReply] {
        defer {
            jobs = [:]
            sequences = [:]
        }
        return jobs.keys.sorted().map { .refused(id: $0, failure) }
    }

    private func replies(_ delta: GenerationDelta) -> [WorkerReply] {
        guard let (id, choice) = sequences[delta.id], var job = jobs[id] else { return [] }
        let now = Seconds.now
        let first = job.firstToken ?? now
        job.firstToken = first
        job.completionTokens += delta.tokens
        var replies: [WorkerReply] = [.delta(id: id, GenerateDelta(delta, choice: choice))]
        if delta.finishReason != nil {
            job.unfinished.remove(delta.id)
            sequences[delta.id] = nil
        }
        jobs[id] = job
        if job.unfinished.isEmpty {
            jobs[id] = nil
            let usage = GenerateUsage(
                promptTokens: job.promptTokens, completionTokens: job.completionTokens,
                promptSeconds: first - job.started, decodeSeconds: now - first)
            replies.append(.generated(id: id, usage))
        }
        return replies
    }
}

extension GenerationOptions {
    init(_ sampling: SamplingOptions) {
        self.init()
        maxTokens = sampling.maxTokens
        topK = sampling.topK
        logprobs = sampling.logprobs
        temperature = sampling.temperature
        topP = sampling.topP
        minP = sampling.minP
        repetitionPenalty = sampling.repetitionPenalty
        seed = sampling.seed
        stop = sampling.stop
    }
}

extension GenerateDelta {
    init(_ delta: GenerationDelta, choice: Int) {
        self.init(
            choice: choice, text: delta.text, tokens: delta.tokens,
            logprobs: delta.logprobs.map { entry in
                TokenLogprob(
                    token: entry.token, logprob: entry.logprob,
                    top: entry.top.map { .init(token: $0.token, logprob: $0.logprob) })
            },
            finishReason: delta.finishReason)
    }
}
