// What server and compute process say to each other. Version it: a change of meaning bumps
// `WorkerProtocol.version`, and a peer of another version is refused in the first message.
package import Spec

package enum WorkerProtocol {
    package static let version = 2
}

/// A file of the blob store as the worker sees it.
package struct BlobReference: Codable, Sendable, Equatable {
    package var sha256: String
    package var path: String

    package init(sha256: String, path: String) {
        self.sha256 = sha256
        self.path = path
    }
}

/// A model as the worker loads it: the pretrained file (architecture, tokenizer, chat template)
/// and, for a fine-tuned model, the weights that replace its own and the task heads.
package struct ModelFiles: Codable, Sendable, Equatable {
    package var base: BlobReference
    package var weights: BlobReference?

    package init(base: BlobReference, weights: BlobReference? = nil) {
        self.base = base
        self.weights = weights
    }
}

package struct TrainJob: Codable, Sendable {
    package var run: String
    /// Grows with every lease of the run; every answer carries it, a stale one is discarded.
    package var fence: Int
    package var spec: RunSpec
    package var base: ModelFiles
    /// Data set files by data set id, in the canonical row format of `Datasets`.
    package var datasets: [String: BlobReference]
    /// The checkpoint to go on from.
    package var checkpoint: BlobReference?
    /// Folder in which the worker writes new files (checkpoints, the model) before they are kept.
    package var scratch: String

    package init(
        run: String, fence: Int, spec: RunSpec, base: ModelFiles,
        datasets: [String: BlobReference], checkpoint: BlobReference?, scratch: String
    ) {
        self.run = run
        self.fence = fence
        self.spec = spec
        self.base = base
        self.datasets = datasets
        self.checkpoint = checkpoint
        self.scratch = scratch
    }
}

package struct ClassifyJob: Codable, Sendable {
    package var id: Int
    package var model: String
    package var files: ModelFiles
    /// Whose head answers; nil: a vector of each input.
    package var task: String?
    package var inputs: [InputText]
    /// Cut longer inputs to the context; else they are an error.
    package var truncate: Bool
    package var origin: JobOrigin?

    package init(
        id: Int, model: String, files: ModelFiles, task: String?, inputs: [InputText],
        truncate: Bool, origin: JobOrigin? = nil
    ) {
        self.origin = origin
        self.id = id
        self.model = model
        self.files = files
        self.task = task
        self.inputs = inputs
        self.truncate = truncate
    }
}

package struct ClassifyResult: Codable, Sendable, Equatable {
    package var labels: [String]
    /// One row of logits per input, aligned with `labels`; of a task that tags words one after
    /// the other for each word. Without a task a vector of length 1.
    package var logits: [[Float]]
    /// Start and end of each word of each input, in characters; nil where words are not tagged.
    package var words: [[Int]]?
    package var promptTokens: Int

    package init(
        labels: [String], logits: [[Float]], words: [[Int]]? = nil, promptTokens: Int
    ) {
        self.labels = labels
        self.logits = logits
        self.words = words
        self.promptTokens = promptTokens
    }
}

/// How the next token is chosen. Temperature 0 is greedy.
package struct SamplingOptions: Codable, Sendable, Equatable {
    package var maxTokens = 256
    package var temperature = 0.0
    /// 0: no limit.
    package var topK = 0
    package var topP = 1.0
    package var minP = 0.0
    package var repetitionPenalty = 1.0
    package var seed: UInt64 = 0
    package var stop: [String] = []
    /// Alternatives reported per token; 0 turns log-probabilities off.
    package var logprobs = 0

    package init() {}
}

/// One message of a conversation.
package struct ChatTurn: Codable, Sendable, Equatable {
    /// `system`, `user` or `assistant`.
    package var role: String
    package var content: String

    package init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

package struct GenerateJob: Codable, Sendable {
    package var id: Int
    package var model: String
    package var files: ModelFiles
    /// The generation task; its stored format renders the prompt unless `raw`.
    package var task: String?
    package var prompt: String
    /// A conversation, in the place of the prompt.
    package var messages: [ChatTurn]?
    package var raw: Bool
    /// Number of independent continuations; continuation k samples with `seed + k`.
    package var n: Int
    package var sampling: SamplingOptions
    package var origin: JobOrigin?

    package init(
        id: Int, model: String, files: ModelFiles, task: String?, prompt: String,
        messages: [ChatTurn]? = nil, raw: Bool, n: Int, sampling: SamplingOptions,
        origin: JobOrigin? = nil
    ) {
        self.origin = origin
        self.id = id
        self.model = model
        self.files = files
        self.task = task
        self.prompt = prompt
        self.messages = messages
        self.raw = raw
        self.n = n
        self.sampling = sampling
    }
}

package struct TokenLogprob: Codable, Sendable, Equatable {
    package var token: String
    package var logprob: Double
    package var top: [Alternative]

    package struct Alternative: Codable, Sendable, Equatable {
        package var token: String
        package var logprob: Double
        package init(token: String, logprob: Double) {
            self.token = token
            self.logprob = logprob
        }
    }

    package init(token: String, logprob: Double, top: [Alternative]) {
        self.token = token
        self.logprob = logprob
        self.top = top
    }
}

/// A piece of generated text: whole UTF-8 characters only, never part of a stop string.
package struct GenerateDelta: Codable, Sendable, Equatable {
    package var choice: Int
    package var text: String
    package var tokens: Int
    package var logprobs: [TokenLogprob]
    /// `stop`, `length`, `cancelled` on the choice's last delta.
    package var finishReason: String?

    package init(
        choice: Int, text: String, tokens: Int, logprobs: [TokenLogprob] = [],
        finishReason: String? = nil
    ) {
        self.choice = choice
        self.text = text
        self.tokens = tokens
        self.logprobs = logprobs
        self.finishReason = finishReason
    }
}

package struct GenerateUsage: Codable, Sendable, Equatable {
    package var promptTokens: Int
    package var completionTokens: Int
    package var promptSeconds: Double
    package var decodeSeconds: Double

    package init(
        promptTokens: Int, completionTokens: Int, promptSeconds: Double, decodeSeconds: Double
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.promptSeconds = promptSeconds
        self.decodeSeconds = decodeSeconds
    }
}

/// What a worker found when it started; shown by `doctor` and `/v1/info`.
package struct WorkerInfo: Codable, Sendable, Equatable {
    package var version: Int
    package var pid: Int32
    package var role: String
    package var threads: Int
    /// Kernel dispatch level, BLAS build and core type, in words.
    package var numerics: String
    package var problems: [String]

    package init(
        version: Int, pid: Int32, role: String, threads: Int, numerics: String, problems: [String]
    ) {
        self.version = version
        self.pid = pid
        self.role = role
        self.threads = threads
        self.numerics = numerics
        self.problems = problems
    }
}

/// An error that crosses the process border.
package struct WorkerFailure: Error, Codable, Sendable, Equatable {
    /// `invalid_input`, `diverged`, `out_of_memory`, `bad_model`, `bad_data`, `internal`.
    package var code: String
    package var message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

package enum Directive: String, Codable, Sendable {
    case proceed, checkpoint, cancel, pause
}

/// Server → worker.
package enum WorkerRequest: Codable, Sendable {
    case train(TrainJob)
    case directive(run: String, fence: Int, Directive)
    /// The file was taken into the blob store and recorded; the worker may go on to the next one.
    case kept(run: String, fence: Int, path: String)
    case classify(ClassifyJob)
    case generate(GenerateJob)
    /// Of a files worker, once in its life.
    case file(FileJob)
    case cancel(id: Int)
    case unload(model: String)
    case ping(Int)
    case shutdown
}

/// Worker → server.
package enum WorkerReply: Codable, Sendable {
    case ready(WorkerInfo)
    case pong(Int)
    // Training; all carry run and fence.
    case progress(run: String, fence: Int, RunProgress)
    case metrics(run: String, fence: Int, [MetricPoint])
    case event(run: String, fence: Int, kind: String, message: String)
    /// A part of the run's report, in place of an earlier one of its name.
    case document(run: String, fence: Int, name: String, json: String)
    /// A checkpoint lies complete at `path`; it counts once the server said `kept`.
    case checkpoint(run: String, fence: Int, path: String, step: Int)
    /// Training is over; the fine-tuned model lies complete at `path`.
    case finished(run: String, fence: Int, path: String, parameters: Int, RunProgress)
    /// Stopped by a directive, after its last checkpoint.
    case stopped(run: String, fence: Int, Directive)
    case failed(run: String, fence: Int, WorkerFailure)
    // Inference.
    case classified(id: Int, ClassifyResult)
    case delta(id: Int, GenerateDelta)
    case generated(id: Int, GenerateUsage)
    case refused(id: Int, WorkerFailure)
    // Files; a refusal has the id 0.
    case filed(FileResult)
}

package struct RunProgress: Codable, Sendable, Equatable {
    package var step: Int
    package var steps: Int
    package var epoch: Int
    package var tokens: Int
    package var tokensPerSecond: Double
    package var etaSeconds: Double?
    /// Time spent training and evaluating so far, over all leases.
    package var trainingSeconds: Double
    /// As `TrainingProgress` has it.
    package var phase: String

    package init(
        step: Int, steps: Int, epoch: Int, tokens: Int, tokensPerSecond: Double,
        etaSeconds: Double?, trainingSeconds: Double, phase: String
    ) {
        self.step = step
        self.steps = steps
        self.epoch = epoch
        self.tokens = tokens
        self.tokensPerSecond = tokensPerSecond
        self.etaSeconds = etaSeconds
        self.trainingSeconds = trainingSeconds
        self.phase = phase
    }
}
