// What the model makes of some held-out examples, layer by layer, beside what it made of them at
// the start of the run. Reads the model and changes nothing.

import Models
import Multitask
import Tensor

/// A bounded sample of held-out rows and its hidden states before training.
///
/// A row's features are the residual stream at its last token in a decoder (the first one soaks up
/// attention and would drown a mean), else the mean over its tokens; layer 0 are the embeddings.
/// Of several networks the one is read that answers for the row's task at the time.
final class RepresentationProbe {
    /// Rows of all tasks together.
    private static let rowsMax = 192
    private static let tokensMax = 4096
    /// Of an epoch's training tokens, so that a measurement costs at most a thirtieth of it: a
    /// forward pass is a third of a step.
    private static let epochShareMax = 0.1
    private static let tokensMin = 512
    private static let batchTokens = 1024

    /// Rows of one task next to each other.
    let examples: [Example]
    private let model: Model
    /// Names by task.
    private let tasks: [String]
    private let backend: any Backend
    private var start: [FeatureMatrix] = []
    private var kernels: [LinearCKA] = []

    /// - Parameters:
    ///   - heldOut: rows by task.
    ///   - epochTokens: of the shortest epoch.
    init(
        _ model: Model, tasks: [String], heldOut: [[Example]], epochTokens: Double, seed: UInt64,
        backend: any Backend
    ) {
        self.model = model
        self.backend = backend
        self.tasks = tasks
        let bound = min(
            Double(Self.tokensMax), max(Double(Self.tokensMin), epochTokens * Self.epochShareMax))
        examples = Self.sample(heldOut, tokens: Int(bound), seed: seed)
    }

    /// Each task's rows in a random order, taken in turns until rows or tokens run out.
    private static func sample(_ heldOut: [[Example]], tokens: Int, seed: UInt64) -> [Example] {
        let queues = heldOut.enumerated().map { task, rows in
            var generator = SeededGenerator(
                SeededGenerator.hash("representations \(task)", seed: seed))
            return generator.permutation(rows.count).prefix(rowsMax).map { rows[$0] }
        }
        var chosen: [[Example]] = heldOut.map { _ in [] }
        var (rows, left) = (0, tokens)
        for turn in 0..<rowsMax {
            for (task, queue) in queues.enumerated() where turn < queue.count {
                guard rows < rowsMax, left >= queue[turn].tokens.count else { continue }
                rows += 1
                left -= queue[turn].tokens.count
                chosen[task].append(queue[turn])
            }
        }
        return chosen.flatMap { $0 }
    }

    /// Remembers the model as it is as the start; to be called before any weights are restored.
    func begin() {
        guard examples.count > 2, let features = features() else { return }
        start = features
        kernels = features.map { LinearCKA($0) }
    }

    /// Likeness to the start by layer; empty where memory did not suffice.
    func measure() -> [(cosine: Double, alignment: Double?)] {
        guard !start.isEmpty, let now = features() else { return [] }
        return now.indices.map { layer in
            (now[layer].meanCosine(start[layer]), kernels[layer].alignment(with: now[layer]))
        }
    }

    /// The last layer's features before and now on a plane.
    func map() -> RepresentationMap? {
        guard let before = start.last, let after = features()?.last else { return nil }
        return RepresentationMap(before: before, after: after, tasks: examples.map(\.task))
    }

    /// By layer; `nil` where memory did not suffice.
    private func features() -> [FeatureMatrix]? {
        var values: [[Float]] = []
        var next = 0
        while next < examples.count {
            var (end, tokens) = (next, 0)
            let reader = column(of: examples[next])
            repeat {
                tokens += examples[end].tokens.count
                end += 1
            } while end < examples.count && column(of: examples[end]) == reader
                && tokens + examples[end].tokens.count <= Self.batchTokens
            guard append(Array(examples[next..<end]), column: reader, to: &values) else {
                backend.clearFailure()
                backend.trim()
                return nil
            }
            next = end
        }
        let rows = examples.count
        return values.map {
            FeatureMatrix(rows: rows, columns: $0.count / rows, values: $0)
        }
    }

    private func column(of example: Example) -> Int { model.column(task: tasks[example.task]) }

    private func append(_ batch: [Example], column: Int, to values: inout [[Float]]) -> Bool {
        let tape = Tape(backend, recording: false)
        let hasTypes = batch.contains { !$0.types.isEmpty }
        let packed = PackedBatch(
            batch.map { (task: $0.task, tokens: $0.tokens) },
            types: hasTypes
                ? batch.map { $0.types.isEmpty ? $0.tokens.map { _ in 0 } : $0.types } : [],
            adapters: batch.map { model.adapterKey(task: tasks[$0.task]) })
        let backbone = model.networks[column]
        let pooling: Pooling = backbone.pooling == .last ? .last : .mean
        var layers: [[Float]] = []
        _ = model.hiddenStates(
            packed, column: column, caches: nil,
            record: { stream in
                let pooled = backbone.pool(
                    stream, segments: packed.segments, as: pooling,
                    rows: RowSpace(count: batch.count, task: 0), on: tape)
                layers.append(pooled.floats())
            }, on: tape)
        guard tape.failure == nil else { return false }
        if values.isEmpty { values = layers.map { _ in [] } }
        for (layer, own) in layers.enumerated() { values[layer] += own }
        return true
    }
}
