import CPUBackend
import JSON
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite("all-MiniLM-L6-v2", .enabled(if: RealModel.hasMiniLM))
struct MiniLMTests {
    /// sentence-transformers' embeddings of these ids, printed with six decimals.
    @Test("embeddings agree with sentence-transformers to 1e-5")
    func embeddings() throws {
        let backend = CPUBackend(threads: 0)
        let backbone = try Architectures.load(
            try Checkpoints.open(RealModel.miniLM), backend: backend)
        #expect(backbone.pooling == .mean)
        let golden = try #require(Golden.read("minilm").array)
        let batch = PackedBatch(golden.map { (task: 0, tokens: $0["ids"]?.tokens ?? []) })
        let tape = Tape(backend, recording: false)
        let hidden = backbone.hiddenStates(batch, caches: nil, on: tape)
        let embeddings = tape.normalize(
            backbone.pool(
                hidden, segments: batch.segments, as: .mean, rows: RowSpace(count: golden.count),
                on: tape))
        for (row, expected) in golden.enumerated() {
            let values = expected["embedding"]?.numbers ?? []
            #expect(values.count == 384)
            for (column, value) in values.enumerated() {
                #expect(abs(Double(embeddings.pointer[row * 384 + column]) - value) < 1e-5)
            }
        }
    }

    @Test("texts become the very ids, the folder and its packed file make one model")
    func texts() throws {
        let folder = try TemporaryFolder()
        let backend = CPUBackend(threads: 0)
        let model = try Model(base: RealModel.miniLM, backend: backend)
        try HuggingFaceModel(folder: RealModel.miniLM).pack(to: folder.file("packed"))
        let packed = try Model(base: folder.file("packed"), backend: backend)
        for golden in try #require(Golden.read("minilm").array) {
            let text = ChatMessage(role: "user", content: golden["text"]?.string ?? "")
            for model in [model, packed] {
                #expect(
                    try model.promptTokens([text], format: "raw") == golden["ids"]?.tokens)
            }
        }
        let pair = model.inputTokens("one", "two")
        #expect(pair.tokens == [101, 2028, 102, 2048, 102] && pair.types == [0, 0, 0, 1, 1])
        #expect(try ModelSummary.read(RealModel.miniLM).contextLength == 512)
        #expect(try ModelSummary.read(folder.file("packed")).vocabulary == 30522)
        try model.export(to: folder.file("out"))
        let again = try Model(base: folder.file("out"), backend: backend)
        #expect(again.backbone.pooling == .mean)
        #expect(again.parameters[0].value.floats() == model.parameters[0].value.floats())
    }
}
