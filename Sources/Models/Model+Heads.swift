import FoundationEssentials
package import Tensor

extension Model {
    static let labelsMax = 100_000

    /// Adds a head for a task: weight ~ N(0, 0.02²) from `seed`, zero bias. A generation task
    /// uses the backbone's own output projection and adds no parameters.
    package func addClassifier(_ head: HeadSpec, seed: UInt64) {
        heads.removeAll { $0.task == head.task }
        heads.append(head)
        guard head.kind == "classification" else { return }
        let (weight, bias) = makeClassifier(head)
        var generator = SplitMix64(seed: seed)
        for i in 0..<weight.value.count {
            weight.value.pointer[i] = Float(0.02 * generator.normal())
        }
        bias.value.pointer.update(repeating: 0, count: bias.value.count)
        classifiers[head.task] = (weight, bias)
    }

    /// Hidden states → logits `[segments, C]`, pooled as the backbone does. `segments` are those of
    /// one task.
    package func classify(
        _ hidden: Tensor, segments: [Segment], head: String, task: Int, on tape: Tape
    ) -> Tensor {
        guard let classifier = classifiers[head] else {
            preconditionFailure("the model has no classification head of this name")
        }
        let pooled = backbone.pool(
            hidden, segments: segments, as: backbone.pooling,
            rows: RowSpace(count: segments.count, task: task), on: tape)
        return tape.linear(pooled, classifier.weight, bias: classifier.bias)
    }

    func loadHeads(_ file: SafetensorsFile) throws {
        heads = try Self.heads(of: file)
        for head in heads where head.kind == "classification" {
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
            heads.allSatisfy({
                $0.kind != "classification" || (1...labelsMax).contains($0.labels.count)
            })
        else {
            throw ModelError.badModel("safetensors: the heads in the metadata are malformed")
        }
        return heads
    }

    private func makeClassifier(_ head: HeadSpec) -> (weight: Parameter, bias: Parameter) {
        let name = "heads.\(head.task)"
        let shape = [head.labels.count, backbone.configuration.width]
        return (
            Parameter(name: "\(name).weight", value: Tensor(shape, backend: backend)),
            Parameter(name: "\(name).bias", value: Tensor([head.labels.count], backend: backend))
        )
    }
}
