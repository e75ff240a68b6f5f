// The weights of a GGUF file: checked against a layout, then dequantised on all cores.

import Dispatch
import Tensor

extension GGUFFile: Checkpoint {
    func identify() throws -> (any Architecture.Type, ConfigFile) {
        guard let name = string("general.architecture") else {
            throw ModelError.badModel("GGUF: the metadata lacks general.architecture")
        }
        let architecture = try Architectures.named(name)
        return (architecture, try architecture.config(of: self))
    }

    func check(
        _ sources: [ParameterSource], of architecture: any Architecture.Type,
        _ configuration: BackboneConfiguration
    ) throws {
        for source in sources {
            guard let tensor = tensors[source.stored] else {
                throw ModelError.badModel("GGUF: the tensor \(source.stored) is missing")
            }
            guard tensor.shape == source.shape else {
                throw ModelError.badModel(
                    "GGUF: tensor \(source.stored) has shape \(tensor.shape), the metadata says "
                        + "\(source.shape)")
            }
            guard tensor.shape.count > 1 || tensor.type.blockLength == 1 else {
                throw ModelError.badModel(
                    "GGUF: tensor \(source.stored) is a vector, which is not stored in blocks")
            }
        }
        let computed = try architecture.computed(configuration).keys
        let known = Set(sources.map(\.stored)).union(computed)
        if let stranger = tensors.keys.filter({ !known.contains($0) }).min() {
            throw ModelError.badModel(
                "GGUF: tensor \(printable(stranger)) is not part of this architecture as "
                    + "supported here")
        }
    }

    /// Fills the parameters from the checked sources of the same order, on all cores.
    func load(_ pairs: [(source: ParameterSource, parameter: Parameter)]) {
        let rowsPerJob = 2048
        var jobs: [DequantiseJob] = []
        for (source, parameter) in pairs {
            guard let tensor = tensors[source.stored] else { continue }
            // A bias that goes with turned rows is a column of them.
            let isColumn = source.rotaryHeadDimension != nil && tensor.shape.count == 1
            let rows = isColumn ? tensor.columns : tensor.rows
            for begin in stride(from: 0, to: rows, by: rowsPerJob) {
                jobs.append(
                    DequantiseJob(
                        tensor: tensor, bytes: file.bytes, target: parameter.value.pointer,
                        rows: begin..<min(begin + rowsPerJob, rows),
                        columns: isColumn ? 1 : tensor.columns, source: source))
            }
        }
        let work = jobs
        DispatchQueue.concurrentPerform(iterations: work.count) { work[$0].run() }
    }
}

/// Some rows of one tensor.
private struct DequantiseJob: @unchecked Sendable {  // because jobs write disjoint rows
    let tensor: GGUFTensor
    let bytes: UnsafeRawBufferPointer
    let target: UnsafeMutablePointer<Float>
    let rows: Range<Int>
    let columns: Int
    let source: ParameterSource

    func run() {
        guard let base = bytes.baseAddress else { return }
        let rowBytes = columns / tensor.type.blockLength * tensor.type.blockBytes
        let from = base + tensor.range.lowerBound
        guard source.rotaryHeadDimension != nil else {
            tensor.type.dequantise(
                from + rows.lowerBound * rowBytes, target + rows.lowerBound * columns,
                count: rows.count * columns)
            return
        }
        for row in rows {
            tensor.type.dequantise(
                from + row * rowBytes, target + source.rotaryHome(row) * columns, count: columns)
        }
    }
}
