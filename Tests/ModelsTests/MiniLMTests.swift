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
}
