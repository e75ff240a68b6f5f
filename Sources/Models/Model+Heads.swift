import FoundationEssentials
package import Tensor

extension Model {
    static let labelsMax = 100_000

    /// Whether this model can have the head.
    /// - Throws: `invalid_input` saying what does not fit.
    package func check(_ head: HeadSpec) throws {
        func require(_ holds: Bool, _ message: String) throws {
            guard holds else { throw ModelError.invalidInput("task kind \(message)") }
        }
        let name = backbone.configuration.architecture
        guard let kind = HeadKind(rawValue: head.kind) else {
            let known = HeadKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ModelError.invalidInput("task kind must be one of \(known)")
        }
        switch kind {
        case .generation:
            try require(
                backbone.isCausal,
                "generation needs a decoder, the base model is of the family \(name)")
        case .sequenceToSequence:
            try require(
                backbone is any EncoderDecoder,
                "sequence_to_sequence needs an encoder with a decoder, the base model is of the "
                    + "family \(name); use generation with a decoder")
        default: break
        }
        if kind.hasMatrix {
            try require(
                (1...Self.labelsMax).contains(head.outputs),
                "\(kind.rawValue) needs 1 to \(Self.labelsMax) labels, it has \(head.outputs)")
        }
        if head.pooling == .pooler {
            try require(
                backbone.pooling == .pooler,
                "\(kind.rawValue) asks for pooler, which the base model's file does not have; use "
                    + "first or mean")
        }
    }

    /// Adds a head for a task: weight ~ N(0, 0.02²) from `seed`, zero bias; or the matrix that it
    /// shares with one that the model has. Kinds without a matrix use the backbone's own output and
    /// add no parameters.
    package func addClassifier(_ head: HeadSpec, seed: UInt64) {
        heads.removeAll { $0.task == head.task }
        let shared = matrix(sharedBy: head)
        heads.append(head)
        guard head.outputs > 0 else { return }
        if let shared {
            classifiers[head.task] = shared
            return
        }
        let (weight, bias) = makeClassifier(head)
        var generator = SplitMix64(seed: seed)
        for i in 0..<weight.value.count {
            weight.value.pointer[i] = Float(0.02 * generator.normal())
        }
        bias.value.pointer.update(repeating: 0, count: bias.value.count)
        classifiers[head.task] = (weight, bias)
    }

    /// Hidden states → outputs `[segments, C]` of a head that reads whole texts, pooled as the
    /// head or else the backbone says. `segments` are those of one task.
    package func classify(
        _ hidden: Tensor, segments: [Segment], head: String, task: Int, on tape: Tape
    ) -> Tensor {
        let classifier = classifier(head)
        let pooling = heads.first { $0.task == head }?.pooling ?? backbone.pooling
        let pooled = networks[column(task: head)].pool(
            hidden, segments: segments, as: pooling,
            rows: RowSpace(count: segments.count, task: task), on: tape)
        return tape.linear(pooled, classifier.weight, bias: classifier.bias)
    }

    /// Hidden states → outputs `[rows, C]` of a head that reads tokens: those at `rows`, of one
    /// task.
    package func classifyTokens(
        _ hidden: Tensor, rows: [Int32], head: String, task: Int, on tape: Tape
    ) -> Tensor {
        let classifier = classifier(head)
        let chosen = tape.gather(hidden, rows, rows: RowSpace(count: rows.count, task: task))
        return tape.linear(chosen, classifier.weight, bias: classifier.bias)
    }

    /// Hidden states → `[segments, D]` rows of length 1.
    package func embed(
        _ hidden: Tensor, segments: [Segment], task: Int = 0, on tape: Tape
    ) -> Tensor {
        tape.normalize(
            backbone.pool(
                hidden, segments: segments, as: backbone.pooling,
                rows: RowSpace(count: segments.count, task: task), on: tape))
    }

    private func classifier(_ head: String) -> (weight: Parameter, bias: Parameter) {
        guard let classifier = classifiers[head] else {
            preconditionFailure("the model has no head of this name with a matrix")
        }
        return classifier
    }

    func loadHeads(_ file: SafetensorsFile) throws {
        heads = try Self.heads(of: file)
        for head in heads where head.outputs > 0 {
            if let shared = matrix(sharedBy: head) {
                classifiers[head.task] = shared
                continue
            }
            let classifier = makeClassifier(head)
            try file.read(classifier.weight.name, into: classifier.weight.value)
            try file.read(classifier.bias.name, into: classifier.bias.value)
            classifiers[head.task] = classifier
        }
    }

    static func heads(of file: SafetensorsFile) throws -> [HeadSpec] {
        guard let text = file.metadata["heads"] else { return [] }
        guard let heads = try? JSONDecoder().decode([HeadSpec].self, from: Data(text.utf8)),
            Set(heads.map(\.task)).count == heads.count,
            heads.allSatisfy({ head in
                guard let kind = HeadKind(rawValue: head.kind) else { return false }
                return !kind.hasMatrix || (1...labelsMax).contains(head.outputs)
            })
        else {
            throw ModelError.badModel("safetensors: the heads in the metadata are malformed")
        }
        return heads
    }

    /// The matrix of another head of the same shared name and labels.
    private func matrix(sharedBy head: HeadSpec) -> (weight: Parameter, bias: Parameter)? {
        guard let name = head.sharedName else { return nil }
        return heads.lazy
            .filter { $0.sharedName == name && $0.labels == head.labels && $0.task != head.task }
            .compactMap { self.classifiers[$0.task] }.first
    }

    /// The name of two different heads, by which files could not tell them apart; `nil`: none.
    package var ambiguousHead: String? {
        var owners: [String: Parameter] = [:]
        for head in heads {
            guard let weight = classifiers[head.task]?.weight else { continue }
            let name = head.sharedName ?? head.task
            if let owner = owners[name], owner !== weight { return name }
            owners[name] = weight
        }
        return nil
    }

    private func makeClassifier(_ head: HeadSpec) -> (weight: Parameter, bias: Parameter) {
        let name = "heads.\(head.sharedName ?? head.task)"
        let shape = [head.outputs, backbone.configuration.width]
        return (
            Parameter(name: "\(name).weight", value: Tensor(shape, backend: backend)),
            Parameter(name: "\(name).bias", value: Tensor([head.outputs], backend: backend))
        )
    }
}
