import Datasets
import Glibc
import JSON
package import Models
import Tensor
package import WorkerProtocol

/// The files role: one job, then the process is over. Files that nobody vouches for are opened
/// here and nowhere else.
struct FileLoop {
    var backend: any Backend
    var channel: ServerChannel
    var inbox: Inbox<WorkerRequest>

    func run() -> Never {
        while true {
            let request = inbox.takeFirst()
            guard case .file(let job) = request else {
                channel.refuse(
                    request,
                    WorkerFailure(code: "internal", message: "the files worker computes nothing"))
                continue
            }
            do {
                channel.send(.filed(try perform(job)))
            } catch {
                channel.send(.refused(id: 0, WorkerFailure(error)))
            }
        }
    }

    private func perform(_ job: FileJob) throws -> FileResult {
        switch job {
        case .export(let job):
            try export(job)
            return .exported
        case .take(let path, let scratch):
            return .taken(TakenModel(try ModelIntake(path: path, scratch: scratch).take()))
        case .create(let job):
            try create(job)
            return .created
        }
    }

    private func create(_ job: NewModelJob) throws {
        var options = BytePairTrainer.Options()
        options.vocabularySize = job.vocabulary
        var trainer = try BytePairTrainer(options)
        var reader = try DatasetReader(job.dataset.path)
        while let row = try reader.next() {
            for text in Self.texts(row.json) { trainer.add(text) }
        }
        try NewModel.write(
            config: job.configuration, tokenizer: trainer.train(), seed: job.seed,
            to: job.folder, backend: backend)
        if let failure = backend.failure { throw failure }
    }

    /// What rows of any format say, without labels and roles.
    private static func texts(_ json: JSON) -> [String] {
        switch json {
        case .string(let text): [text]
        case .array(let items): items.flatMap(texts)
        case .object(let object):
            object.members.filter { !["label", "labels", "role"].contains($0.name) }
                .flatMap { texts($0.value) }
        default: []
        }
    }

    private func export(_ job: ExportJob) throws {
        let model = try Model(
            base: job.files.base.path, weights: job.files.weights?.path, backend: backend)
        if let failure = backend.failure { throw failure }
        guard mkdir(job.folder, 0o700) == 0 || errno == EEXIST else {
            throw WorkerFailure(
                code: "internal",
                message: "cannot create the export's folder: \(String(cString: strerror(errno)))")
        }
        switch job.format {
        case .safetensors: try model.export(to: job.folder, documents: job.documents)
        case .gguf(let name):
            guard let type = GGUFMatrixType(rawValue: name) else {
                let known = GGUFMatrixType.allCases.map(\.rawValue).joined(separator: ", ")
                throw WorkerFailure(code: "invalid_input", message: "type must be one of \(known)")
            }
            try model.exportGGUF(to: "\(job.folder)/model.gguf", type: type)
        }
    }
}

extension TakenModel {
    package init(_ intake: (path: String, summary: ModelSummary)) {
        let summary = intake.summary
        self.init(
            path: intake.path, architecture: summary.architecture, parameters: summary.parameters,
            contextLength: summary.contextLength, vocabulary: summary.vocabulary,
            taskKinds: summary.taskKinds, adapterTargets: summary.adapterTargets,
            hasChatTemplate: summary.hasChatTemplate, license: summary.license)
    }
}
