import CPUBackend
import NN
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite("Heads")
struct HeadTests {
    private let backend = CPUBackend(threads: 1)
    private let folder: TemporaryFolder
    private let model: Model

    init() throws {
        folder = try TemporaryFolder()
        try TinyLlamaFile.write(folder.file("tiny.gguf"), seed: 2)
        model = try Model(base: folder.file("tiny.gguf"), backend: backend)
    }

    private func head(_ kind: HeadKind, labels: [String] = ["a", "b", "c"]) -> HeadSpec {
        HeadSpec(
            task: kind.rawValue, kind: kind.rawValue, labels: labels, format: "raw", maxLength: 16)
    }

    @Test("heads of the same shared name are one matrix, in memory and in the file")
    func shared() throws {
        for task in ["one", "two"] {
            model.addClassifier(
                HeadSpec(
                    task: task, kind: "classification", labels: ["a", "b"], format: "raw",
                    maxLength: 16, sharedName: "both"), seed: 3)
        }
        model.addClassifier(head(.classification), seed: 3)
        let own = model.parameters.dropFirst(model.backbone.parameters.count)
        #expect(
            own.map(\.name) == [
                "heads.both.weight", "heads.both.bias", "heads.classification.weight",
                "heads.classification.bias",
            ])
        let path = folder.file("shared.safetensors")
        try model.save(to: path)
        let again = try Model(base: folder.file("tiny.gguf"), weights: path, backend: backend)
        #expect(again.heads == model.heads)
        let (first, second) = (again.classifiers["one"], again.classifiers["two"])
        #expect(first?.weight === second?.weight && first?.bias === second?.bias)
        #expect(first?.weight.value.floats() == model.classifiers["one"]?.weight.value.floats())
        #expect(again.parameters.count == model.parameters.count)
    }

    @Test("one forward pass of a decoder serves heads of every kind and the next token")
    func together() throws {
        for kind in HeadKind.allCases where kind.hasMatrix {
            try model.check(head(kind))
            model.addClassifier(head(kind), seed: 1)
        }
        let batch = PackedBatch([(task: 0, tokens: [1, 2, 3]), (task: 0, tokens: [7, 8])])
        let tape = Tape(backend, recording: true)
        let hidden = model.backbone.hiddenStates(batch, caches: nil, on: tape)
        let targets: [(HeadKind, RowLoss)] = [
            (.classification, .classes([0, 2])), (.pairClassification, .classes([1, 1])),
            (.multiLabel, .labels([1, 0, 1, 0, 0, 0])),
            (.regression, .values([0.5, -1, 2, 0, 0, 0])),
        ]
        for (kind, loss) in targets {
            let outputs = model.classify(
                hidden, segments: batch.segments, head: kind.rawValue, task: 0, on: tape)
            #expect(outputs.shape == [2, 3])
            #expect(loss(outputs, weights: [1, 1], on: tape).allSatisfy { $0.isFinite && $0 > 0 })
        }
        let tokens = model.classifyTokens(
            hidden, rows: [0, 2, 4], head: HeadKind.tokenClassification.rawValue, task: 0,
            on: tape)
        _ = RowLoss.classes([0, 1, 2])(tokens, weights: [1, 1, 1], on: tape)
        _ = tape.linearCrossEntropy(
            hidden, model.backbone.outputProjection, targets: [2, 3, 4, 8, 9],
            weights: [1, 1, 1, 1, 1])
        tape.backward()
        #expect(model.parameters.allSatisfy { $0.gradientNorm(slot: 0) > 0 })
        let vectors = model.embed(hidden, segments: batch.segments, on: tape).floats()
        let width = model.backbone.configuration.width
        for row in 0..<2 {
            let length = vectors[row * width..<(row + 1) * width].reduce(0) { $0 + $1 * $1 }
            #expect(abs(length - 1) < 1e-5)
        }
    }

    @Test("a row's loss is the mean over its labels or values")
    func means() {
        let tape = Tape(backend, recording: false)
        let x = Tensor([0, 0, 2, 4], [2, 2], backend: backend)
        let labels = RowLoss.labels([1, 0, 1, 1])(x, weights: [], on: tape)
        // −log ½, and the mean of log(1 + e⁻²) and log(1 + e⁻⁴).
        #expect(abs(labels[0] - 0.6931472) < 1e-6 && abs(labels[1] - 0.0725390) < 1e-6)
        #expect(RowLoss.values([1, 1, 2, 2])(x, weights: [], on: tape) == [1, 2])
    }

    @Test("heads are saved with their kind; a regression needs no label")
    func saving() throws {
        model.addClassifier(head(.multiLabel), seed: 1)
        model.addClassifier(head(.regression, labels: []), seed: 1)
        model.addClassifier(head(.embedding, labels: []), seed: 1)
        #expect(model.classifiers["regression"]?.weight.value.shape == [1, 32])
        #expect(model.classifiers["embedding"] == nil)
        try model.save(to: folder.file("tuned"))
        let loaded = try Model(
            base: folder.file("tiny.gguf"), weights: folder.file("tuned"), backend: backend)
        #expect(loaded.heads == model.heads)
        #expect(
            loaded.parameters.map { $0.value.floats() }
                == model.parameters.map { $0.value.floats() })
    }

    @Test("a head that the backbone cannot serve is refused with what to use")
    func refusals() throws {
        func message(_ head: HeadSpec) -> String {
            do { try model.check(head) } catch { return "\(error)" }
            return ""
        }
        #expect(message(head(.sequenceToSequence)).contains("use generation"))
        #expect(message(head(.classification, labels: [])).contains("needs 1 to"))
        #expect(message(head(.generation)) == "")
        var pooled = head(.classification)
        pooled.pooling = .pooler
        #expect(message(pooled).contains("pooler"))
        var unknown = head(.classification)
        unknown.kind = "ranking"
        #expect(message(unknown).contains("must be one of"))
    }
}
