import Glibc
import Inference
import JSON
import Models
import Tensor
import WorkerProtocol

/// The inference role. Each turn: what arrived, one batch of classifications, one new generation,
/// one token of the running ones; a turn is short, so that none of them waits long.
final class InferenceLoop {
    private let backend: any Backend
    private let channel: ServerChannel
    private let inbox: Inbox<WorkerRequest>
    private let cache: ModelCache
    private var classifications = ClassifyQueue()
    /// What is known of jobs whose inputs take several passes.
    private var classified: [Int: ClassifyResult] = [:]
    /// For whom the running generations are.
    private var origins: [Int: JobOrigin] = [:]
    private var newGenerations: [GenerateJob] = []
    /// One for each backbone that writes.
    private var rooms: [GenerationRoom] = []
    /// Ids of the API's models, to find what `unload` means.
    private var keys: [String: ModelKey] = [:]

    private let loader: ModelLoader
    /// What waits for a model that is being loaded.
    private var parked: [ModelKey: [WorkerRequest]] = [:]

    /// - Parameter load: loads a model with a backend of its own, on another thread.
    init(
        backend: any Backend, channel: ServerChannel, inbox: Inbox<WorkerRequest>,
        load: @escaping ModelLoader.Load
    ) {
        loader = ModelLoader(load: load, wake: { inbox.wake() })
        cache = ModelCache(bytesMax: Self.modelBytesMax, load: load)
        self.backend = backend
        self.channel = channel
        self.inbox = inbox
    }

    /// A quarter of the machine's memory: the training worker needs the rest.
    private static var modelBytesMax: Int {
        sysconf(Int32(_SC_PHYS_PAGES)) / 4 * sysconf(Int32(_SC_PAGESIZE))
    }

    func run() -> Never {
        while true {
            for request in inbox.take(waiting: isIdle) { accept(request) }
            takeLoaded()
            classifyNext()
            startNext()
            stepNext()
        }
    }

    private var isIdle: Bool {
        classifications.isEmpty && newGenerations.isEmpty && rooms.isEmpty
    }

    private func accept(_ request: WorkerRequest) {
        switch request {
        case .classify(let job):
            keys[job.model] = ModelKey(job.files)
            if isLoaded(job.files, for: request) { enqueue(job) }
        case .generate(let job):
            keys[job.model] = ModelKey(job.files)
            if isLoaded(job.files, for: request) { newGenerations.append(job) }
        case .cancel(let id):
            cancel(id)
        case .unload(let model):
            if let key = keys.removeValue(forKey: model) { cache.unload(key) }
        case .train, .file:
            channel.refuse(
                request,
                WorkerFailure(code: "internal", message: "the inference worker only infers"))
        case .directive, .kept, .ping, .shutdown:
            break
        }
    }

    private func enqueue(_ job: ClassifyJob) {
        do {
            let backbone = try cache.model(job.files).backbone
            classifications.add(job, backbone: ObjectIdentifier(backbone))
        } catch {
            refuse(job.id, error)
        }
    }

    /// Parks the request where its model is not in memory, and has it loaded.
    private func isLoaded(_ files: ModelFiles, for request: WorkerRequest) -> Bool {
        if cache.contains(files) { return true }
        let key = ModelKey(files)
        if parked[key] == nil { loader.add(files) }
        parked[key, default: []].append(request)
        return false
    }

    private func takeLoaded() {
        for (files, result) in loader.take() {
            let key = ModelKey(files)
            let requests = parked.removeValue(forKey: key) ?? []
            switch result {
            case .success(let model):
                cache.insert(model, key)
                for request in requests { accept(request) }
            case .failure(let failure):
                for request in requests { channel.refuse(request, failure) }
            }
        }
    }

    private func cancel(_ id: Int) {
        let cancelled = WorkerFailure(code: "cancelled", message: "the caller has gone")
        for (key, requests) in parked {
            guard let request = requests.first(where: { $0.jobID == id }) else { continue }
            parked[key] = requests.filter { $0.jobID != id }
            channel.refuse(request, cancelled)
        }
        if classifications.cancel(id) || newGenerations.contains(where: { $0.id == id }) {
            newGenerations.removeAll { $0.id == id }
            classified[id] = nil
            channel.send(.refused(id: id, cancelled))
        }
        for room in rooms { room.cancel(id) }
    }

    private func classifyNext() {
        let pieces = classifications.next()
        do {
            try classify(pieces)
        } catch  where pieces.count > 1 {
            // One job's input must not fail its neighbours.
            for piece in pieces {
                do { try classify([piece]) } catch { give(up: piece.job.id, error) }
            }
        } catch {
            for piece in pieces { give(up: piece.job.id, error) }
        }
    }

    private func give(up id: Int, _ error: any Error) {
        _ = classifications.cancel(id)
        classified[id] = nil
        refuse(id, error)
    }

    /// One packed pass for inputs of all models on one backbone.
    private func classify(_ pieces: [ClassifyQueue.Piece]) throws {
        guard !pieces.isEmpty else { return }
        let parts = try pieces.map { piece in
            Classification.Part(
                model: try cache.model(piece.job.files), task: piece.job.task,
                inputs: piece.inputs.map(ModelInput.init), first: piece.range.lowerBound,
                truncate: piece.job.truncate)
        }
        let answers = try Classification.answers(parts, backend: backend).parts
        for part in parts { try checkMemory(part.model) }
        for ((piece, part), answers) in zip(zip(pieces, parts), answers) {
            let head = part.model.heads.first { $0.task == part.task }
            var result =
                classified.removeValue(forKey: piece.job.id)
                ?? ClassifyResult(
                    labels: head?.labels ?? [], logits: [],
                    words: head?.tagsWords ?? false ? [] : nil, promptTokens: 0)
            for answer in answers {
                result.logits.append(answer.outputs)
                result.words?.append(answer.words.flatMap { [$0.lowerBound, $0.upperBound] })
                result.promptTokens += answer.tokens
            }
            if piece.isLast {
                note("classified", piece.job.origin, tokens: result.promptTokens)
                channel.send(.classified(id: piece.job.id, result))
            } else {
                classified[piece.job.id] = result
            }
        }
    }

    private func startNext() {
        guard !newGenerations.isEmpty else { return }
        let job = newGenerations.removeFirst()
        do {
            let model = try cache.model(job.files)
            try room(model).add(job, model: model)
            origins[job.id] = job.origin
        } catch {
            refuse(job.id, error)
        }
        rooms.removeAll(where: \.isIdle)
    }

    private func room(_ model: Model) -> GenerationRoom {
        if let room = rooms.first(where: { $0.model.backbone === model.backbone }) { return room }
        let room = GenerationRoom(model, backend: backend)
        rooms.append(room)
        return room
    }

    /// One token for every generation of one backbone; backbones take turns.
    private func stepNext() {
        guard !rooms.isEmpty else { return }
        let room = rooms.removeFirst()
        var replies = room.step()
        do {
            try checkMemory(room.model)
        } catch {
            replies = room.failAll(WorkerFailure(error))
        }
        for reply in replies { answer(reply) }
        if !room.isIdle { rooms.append(room) }
    }

    /// What was computed since a backend ran out of memory is worthless. A model's caches are its
    /// own backend's.
    private func checkMemory(_ model: Model) throws {
        for backend in [backend, model.parameters.first?.value.backend].compactMap(\.self) {
            guard let failure = backend.failure else { continue }
            backend.trim()
            backend.clearFailure()
            throw failure
        }
    }

    private func answer(_ reply: WorkerReply) {
        switch reply {
        case .generated(let id, let usage):
            note("generated", origins.removeValue(forKey: id), tokens: usage.completionTokens)
        case .refused(let id, _): origins[id] = nil
        default: break
        }
        channel.send(reply)
    }

    /// What was done for whom, so that a request is found in the log of the process that computed.
    private func note(_ what: String, _ origin: JobOrigin?, tokens: Int) {
        guard let origin else { return }
        var fields: [(name: String, value: JSON)] = [
            ("request_id", .string(origin.request)), ("tokens", .integer(Int64(tokens))),
        ]
        if let trace = origin.trace { fields.append(("trace_id", .string(trace))) }
        if let parent = origin.parent { fields.append(("parent_id", .string(parent))) }
        ProcessSetup.say(what, level: "info", fields)
    }

    private func refuse(_ id: Int, _ error: any Error) {
        channel.send(.refused(id: id, WorkerFailure(error)))
    }
}

extension ModelInput {
    init(_ input: InputText) {
        self = input.tokens.map { .tokens($0) } ?? .text(input.text, pair: input.pair)
    }
}

extension WorkerRequest {
    /// Of an inference job.
    fileprivate var jobID: Int? {
        switch self {
        case .classify(let job): job.id
        case .generate(let job): job.id
        default: nil
        }
    }
}
