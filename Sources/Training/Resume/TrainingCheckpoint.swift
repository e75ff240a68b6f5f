// A checkpoint: one safetensors file with weights, both moments of AdamW and, as metadata, the
// position in the plan, the weighting's state and a fingerprint of the numerics.

import Models
import NN
import Tensor

/// Writes and reads the whole state of a run.
struct TrainingCheckpoint {
    private static let format = "training-checkpoint-1"

    var position: RunPosition
    /// Empty when the run has no weighting, or one without state.
    var weighting: [String: [Double]]
    /// Names what decides the bits of results; a resume elsewhere may differ in the last digits.
    var numerics: String

    /// Writes the file durably.
    func write(_ path: String, parameters: [Parameter], optimizer: AdamW) throws {
        var metadata = [
            "format": Self.format,
            "epoch": "\(position.epoch)", "index": "\(position.index)",
            "step": "\(position.step)", "tokens": "\(position.tokens)",
            "skipped": "\(position.skipped)", "skipped_in_row": "\(position.skippedInRow)",
            "piece_tokens": "\(position.pieceTokens)",
            "training_seconds": "\(position.trainingSeconds)", "numerics": numerics,
            "updates": parameters.indices.map { "\(optimizer.state($0).updates)" }
                .joined(separator: " "),
        ]
        for (name, values) in weighting {
            metadata["weighting.\(name)"] = values.map { "\($0)" }.joined(separator: " ")
        }
        var tensors: [(name: String, tensor: Tensor)] = []
        for (index, parameter) in parameters.enumerated() {
            let state = optimizer.state(index)
            tensors.append((parameter.name, parameter.value))
            tensors.append((Self.first(parameter), state.first))
            tensors.append((Self.second(parameter), state.second))
        }
        try SafetensorsWriter.write(path, metadata: metadata, tensors: tensors)
    }

    /// Reads a file into the parameters and the optimiser's moments.
    /// - Throws: `TrainingError` `checkpoint_mismatch` where the file is not a checkpoint of these
    ///   parameters.
    static func restore(
        _ path: String, parameters: [Parameter], optimizer: AdamW
    ) throws -> TrainingCheckpoint {
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
        return try TrainingCheckpoint(file.metadata)
    }

    private init(_ metadata: [String: String]) throws {
        func number<Number: LosslessStringConvertible>(_ name: String) throws -> Number {
            guard let value = metadata[name].flatMap({ Number($0) }) else {
                throw Self.mismatch("lacks \(name)")
            }
            return value
        }
        position = RunPosition(
            epoch: try number("epoch"), index: try number("index"), step: try number("step"),
            tokens: try number("tokens"), skipped: try number("skipped"),
            skippedInRow: try number("skipped_in_row"), pieceTokens: try number("piece_tokens"),
            trainingSeconds: try number("training_seconds"))
        numerics = metadata["numerics"] ?? ""
        weighting = [:]
        let prefix = "weighting."
        for (name, text) in metadata where name.hasPrefix(prefix) {
            let values = text.split(separator: " ").compactMap { Double($0) }
            weighting[String(name.dropFirst(prefix.count))] = values
        }
    }

    init(position: RunPosition, weighting: [String: [Double]], numerics: String) {
        self.position = position
        self.weighting = weighting
        self.numerics = numerics
    }

    private static func first(_ parameter: Parameter) -> String {
        "optimizer.first.\(parameter.name)"
    }

    private static func second(_ parameter: Parameter) -> String {
        "optimizer.second.\(parameter.name)"
    }

    private static func mismatch(_ what: String) -> TrainingError {
        TrainingError(
            code: "checkpoint_mismatch",
            message: "the checkpoint \(what); start the run anew")
    }
}
