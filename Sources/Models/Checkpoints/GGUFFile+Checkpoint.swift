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
        }
        let known = Set(sources.map(\.stored))
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
            for begin in stride(from: 0, to: tensor.rows, by: rowsPerJob) {
                jobs.append(
                    DequantiseJob(
                        tensor: tensor, bytes: file.bytes, target: parameter.value.pointer,
                        rows: begin..<min(begin + rowsPerJob, tensor.rows),
                        rotaryHeadDimension: source.rotaryHeadDimension))
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
    let rotaryHeadDimension: Int?

    func run() {
        guard let base = bytes.baseAddress else { return }
        let columns = tensor.columns
        let rowBytes = columns / tensor.type.blockLength * tensor.type.blockBytes
        let source = base + tensor.range.lowerBound
        guard let dimension = rotaryHeadDimension else {
            tensor.type.dequantise(
                source + rows.lowerBound * rowBytes, target + rows.lowerBound * columns,
                count: rows.count * columns)
            return
        }
        for row in rows {
            // Stored row 2i + s of a head is its row i + s·dimension/2.
            let head = row / dimension * dimension
            let within = row - head
            let home = head + within / 2 + (within & 1) * (dimension / 2)
            tensor.type.dequantise(
                source + row * rowBytes, target + home * columns, count: columns)
        }
    }
}
