import CPUBackend
import Foundation
import JSON
import Tensor
import TestSupport

@testable import Models

/// A model of `Tests/Goldens` with the weights, inputs and loss of `scripts/reference/parity.py`.
struct TinyModel {
    let backend = CPUBackend(threads: 1)
    let golden: JSON
    let backbone: any Architecture
    let parameters: [(source: ParameterSource, parameter: Parameter)]
    private let folder: TemporaryFolder
    private(set) var sequences: [[Int32]]
    private var targetTexts: [[Int32]]
    private var labels: [Int32]
    /// Of each sequence, ascending.
    private(set) var tasks: [Int]
    /// What losses are divided by; nil: the number of targets.
    private var divisor: Int?

    init(_ name: String) throws {
        golden = try Golden.read(name)
        folder = try TemporaryFolder()
        try TinyFolder.write(golden["config"] ?? .null, to: folder)
        backbone = try Architectures.load(try Checkpoints.open(folder.path), backend: backend)
        sequences = (golden["sequences"]?.array ?? []).map(\.tokens)
        targetTexts = (golden["targets"]?.array ?? []).map(\.tokens)
        labels = golden["labels"]?.tokens ?? []
        tasks = sequences.map { _ in 0 }
        var all = zip(
            try type(of: backbone).layout(backbone.configuration), backbone.parameters
        ).map { (source: $0, parameter: $1) }
        if !backbone.isCausal && !(backbone is any EncoderDecoder) {
            for (name, shape) in [("weight", [3, backbone.configuration.width]), ("bias", [3])] {
                let source = ParameterSource(name: "heads.mood.\(name)", shape: shape)
                let values = SeededWeights.values(source.name, shape: shape)
                all.append(
                    (
                        source,
                        Parameter(
                            name: source.name, value: Tensor(values, shape, backend: backend))
                    ))
            }
        }
        parameters = all
    }

    /// The same model with two tasks: the first two sequences are task 0's, the last is task 1's.
    /// With `only`, the batch has that task's sequences alone, their losses weighted as before.
    func split(only: Int? = nil) -> TinyModel {
        var other = self
        other.divisor = targets().targets.count
        let kept = [0, 1, 2].filter { only == nil || ($0 < 2 ? 0 : 1) == only }
        other.tasks = kept.map { $0 < 2 ? 0 : 1 }
        other.sequences = kept.map { sequences[$0] }
        other.targetTexts = kept.map { targetTexts[$0] }
        other.labels = kept.map { labels[$0] }
        return other
    }

    private func pack(_ texts: [[Int32]]) -> PackedBatch {
        PackedBatch(zip(tasks, texts).map { (task: $0, tokens: $1) })
    }

    /// Logits of all rows (or of one for each sequence), and the last row of each sequence.
    func logits(on tape: Tape) -> (rows: Tensor, ends: [Int]) {
        let batch = pack(sequences)
        let hidden = backbone.hiddenStates(batch, caches: nil, on: tape)
        if let pair = backbone as? any EncoderDecoder {
            let fed = pack(targetTexts.map { [pair.startToken] + $0.dropLast() })
            let states = pair.decode(fed, reading: hidden, batch.segments, on: tape)
            return (
                tape.linear(states, pair.outputProjection), fed.segments.map { $0.upperBound - 1 }
            )
        }
        guard backbone.isCausal else {
            let pooled = backbone.pool(
                hidden, segments: batch.segments, as: backbone.pooling,
                rows: pack(sequences.map { _ in [0] }).rows, on: tape)
            let head = parameters.suffix(2).map(\.parameter)
            return (
                tape.linear(pooled, head[0], bias: head[1]), Array(sequences.indices)
            )
        }
        return (
            tape.linear(hidden, backbone.outputProjection), batch.segments.map { $0.upperBound - 1 }
        )
    }

    /// Mean cross-entropy over all targets, seeded for `backward()`.
    func loss(on tape: Tape) -> Double {
        let (targets, rows) = targets()
        let (logits, _) = logits(on: tape)
        let chosen =
            rows.map { tape.gather(logits, $0, rows: RowSpace(count: $0.count)) } ?? logits
        let weight = 1 / Float(divisor ?? targets.count)
        let losses = tape.crossEntropy(
            chosen, targets: targets, weights: targets.map { _ in weight })
        return losses.reduce(0) { $0 + Double($1) } / Double(targets.count)
    }

    /// What is learnt, and the rows of logits that learn it; nil for all of them.
    private func targets() -> (targets: [Int32], rows: [Int32]?) {
        if backbone is any EncoderDecoder { return (targetTexts.flatMap { $0 }, nil) }
        guard backbone.isCausal else { return (labels, nil) }
        var rows: [Int32] = []
        var start: Int32 = 0
        for sequence in sequences {
            rows += (0..<Int32(sequence.count - 1)).map { start + $0 }
            start += Int32(sequence.count)
        }
        return (sequences.flatMap { $0.dropFirst() }, rows)
    }

    /// Greedy continuations of eight tokens, all sequences together, with caches.
    func generate() -> [[Int32]] {
        var outputs = sequences.map { _ in [Int32]() }
        var fed = sequences
        let tape = Tape(backend, recording: false)
        let decode: (PackedBatch) -> Tensor
        if let pair = backbone as? any EncoderDecoder {
            let batch = PackedBatch(sequences.map { (task: 0, tokens: $0) })
            let encoded = pair.hiddenStates(batch, caches: nil, on: tape)
            let caches = pair.makeCaches(reading: encoded, batch.segments, capacity: 2)
            fed = sequences.map { _ in [pair.startToken] }
            decode = { pair.decode($0, caches: caches, on: tape) }
        } else {
            let caches = sequences.map { _ in backbone.makeCache(capacity: 2) }
            decode = { backbone.hiddenStates($0, caches: caches, on: tape) }
        }
        var starts = fed.map { _ in 0 }
        for _ in 0..<8 {
            let batch = PackedBatch(fed.map { (task: 0, tokens: $0) }, startingAt: starts)
            let states = tape.gather(
                decode(batch), batch.segments.map { Int32($0.upperBound - 1) },
                rows: RowSpace(count: fed.count))
            let logits = tape.linear(states, backbone.outputProjection)
            for index in fed.indices {
                let row = Array(
                    logits.floats()[index * logits.shape[1]..<(index + 1) * logits.shape[1]])
                let best = Int32(row.indices.max { row[$0] < row[$1] } ?? 0)
                starts[index] += fed[index].count
                fed[index] = [best]
                outputs[index].append(best)
            }
        }
        return outputs
    }
}
