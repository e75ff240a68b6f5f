// A checkpoint: one safetensors file with weights, both moments of AdamW, what is kept of earlier
// stages and, as metadata, the position in the plan, the scores so far, the weighting's state and
// a fingerprint of the numerics.

import Models
import NN
import Tensor

/// Writes and reads the whole state of a run.
struct TrainingCheckpoint {
    private static let format = "training-checkpoint-2"

    var position: RunPosition
    /// Empty when the run has no weighting, or one without state.
    var weighting: [String: [Double]]
    /// Of the early warning.
    var watched: [String: [Double]]
    /// One score a task, before training and after each stage that ended.
    var scores: [[Double]]
    /// Names what decides the bits of results; a resume elsewhere may differ in the last digits.
    var numerics: String

    /// Writes the file durably.
    func write(
        _ path: String, parameters: [Parameter], optimizer: AdamW, kept: SavedState
    ) throws {
        var metadata = [
            "format": Self.format, "stage": "\(position.stage)",
            "stage_start": "\(position.stageStart)",
            "scores": scores.map { $0.map { "\($0)" }.joined(separator: " ") }
                .joined(separator: ";"),
            "epoch": "\(position.epoch)", "index": "\(position.index)",
            "rows": position.rows.sorted { $0.key < $1.key }.map { "\($0) \($1)" }
                .joined(separator: ";"),
            "step": "\(position.step)", "tokens": "\(position.tokens)",
            "skipped": "\(position.skipped)", "skipped_in_row": "\(position.skippedInRow)",
            "piece_tokens": "\(position.pieceTokens)",
            "training_seconds": "\(position.trainingSeconds)", "numerics": numerics,
            "stopped": position.isStopped ? "1" : "0",
            "updates": parameters.indices.map { "\(optimizer.state($0).updates)" }
                .joined(separator: " "),
        ]
        metadata.merge(Self.words(weighting, Self.weightingPrefix)) { own, _ in own }
        metadata.merge(Self.words(watched, Self.watchedPrefix)) { own, _ in own }
        metadata.merge(kept.metadata) { own, _ in own }
        var tensors: [(name: String, tensor: Tensor)] = []
        for (index, parameter) in parameters.enumerated() {
            let state = optimizer.state(index)
            tensors.append((parameter.name, parameter.value))
            tensors.append((Self.first(parameter), state.first))
            tensors.append((Self.second(parameter), state.second))
        }
        try SafetensorsWriter.write(path, metadata: metadata, tensors: tensors + kept.tensors)
    }

    /// The stage in which a file was written, before there is anything to read it into.
    static func stage(_ path: String) throws -> Int {
        guard let stage = try SafetensorsFile(path).metadata["stage"].flatMap({ Int($0) }) else {
            throw mismatch("is not a checkpoint")
        }
        return stage
    }

    /// Reads a file into the parameters and the optimiser's moments.
    /// - Throws: `TrainingError` `checkpoint_mismatch` where the file is not a checkpoint of these
    ///   parameters.
    static func restore(
        _ path: String, parameters: [Parameter], optimizer: AdamW
    ) throws -> (checkpoint: TrainingCheckpoint, kept: SavedSource) {
        let file = try SafetensorsFile(path)
        guard file.metadata["format"] == format else { throw mismatch("is not a checkpoint") }
        let updates = (file.metadata["updates"] ?? "").split(separator: " ").compactMap { Int($0) }
        guard updates.count == parameters.count else {
            throw mismatch("has \(updates.count) parameters, the run has \(parameters.count)")
        }
        for (index, parameter) in parameters.enumerated() {
            let state = optimizer.state(index)
            let parts = [
                (parameter.name, parameter.value), (first(parameter), state.first),
                (second(parameter), state.second),
            ]
            for (name, tensor) in parts {
                guard file.shape(name) == tensor.shape else {
                    throw mismatch("has no parameter of the run's name and shape at \(index)")
                }
                try file.read(name, into: tensor)
            }
            optimizer.setUpdates(index, updates[index])
        }
        return (try TrainingCheckpoint(file.metadata), SavedSource(file: file))
    }

    private init(_ metadata: [String: String]) throws {
        func number<Number: LosslessStringConvertible>(_ name: String) throws -> Number {
            guard let value = metadata[name].flatMap({ Number($0) }) else {
                throw Self.mismatch("lacks \(name)")
            }
            return value
        }
        position = RunPosition(
            stage: try number("stage"), epoch: try number("epoch"), index: try number("index"),
            rows: Self.pairs(metadata["rows"] ?? ""), step: try number("step"),
            stageStart: try number("stage_start"), tokens: try number("tokens"),
            skipped: try number("skipped"),
            skippedInRow: try number("skipped_in_row"), pieceTokens: try number("piece_tokens"),
            trainingSeconds: try number("training_seconds"),
            isStopped: metadata["stopped"] == "1")
        numerics = metadata["numerics"] ?? ""
        scores = (metadata["scores"] ?? "").split(separator: ";").map { row in
            row.split(separator: " ").compactMap { Double($0) }
        }
        weighting = Self.values(metadata, Self.weightingPrefix)
        watched = Self.values(metadata, Self.watchedPrefix)
    }

    private static func pairs(_ text: String) -> [Int: Int] {
        let pairs = text.split(separator: ";").compactMap { pair -> (Int, Int)? in
            let numbers = pair.split(separator: " ").compactMap { Int($0) }
            return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
        }
        return Dictionary(pairs) { $1 }
    }

    private static let weightingPrefix = "weighting."
    private static let watchedPrefix = "watched."

    private static func words(_ state: [String: [Double]], _ prefix: String) -> [String: String] {
        let pairs = state.map { name, values in
            (prefix + name, values.map { "\($0)" }.joined(separator: " "))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private static func values(_ words: [String: String], _ prefix: String) -> [String: [Double]] {
        let pairs = words.filter { $0.key.hasPrefix(prefix) }.map { name, text in
            (
                String(name.dropFirst(prefix.count)),
                text.split(separator: " ").compactMap { Double($0) }
            )
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    init(
        position: RunPosition, weighting: [String: [Double]],
        watched: [String: [Double]] = [:], scores: [[Double]], numerics: String
    ) {
        self.position = position
        self.weighting = weighting
        self.watched = watched
        self.scores = scores
        self.numerics = numerics
    }

    private static func first(_ parameter: Parameter) -> String {
        "optimizer.first.\(parameter.name)"
    }

    private static func second(_ parameter: Parameter) -> String {
        "optimizer.second.\(parameter.name)"
    }

    private static func mismatch(_ what: String) -> TrainingError { SavedSource.mismatch(what) }
}
