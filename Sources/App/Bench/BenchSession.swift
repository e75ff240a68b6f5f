import CPUBackend
import Foundation
import Glibc
import JSON
import Models
import Training

/// A model on a backend, ready to be timed.
struct BenchSession {
    let backend: CPUBackend
    let model: Model
    let benchmark: StepBenchmark

    /// - Throws: `CommandFailure` in one line.
    init(_ options: BenchOptions, tasks: Int = 2) throws {
        if let problem = CPUBackend.selfCheck() {
            throw CommandFailure("the BLAS computes wrong results: \(problem)")
        }
        backend = CPUBackend(threads: options.threads)
        do {
            model = try Model(base: options.model, backend: backend)
            benchmark = try StepBenchmark(
                model, backend: backend, taskCount: tasks, sequences: options.sequences,
                length: options.length)
        } catch let error as ModelError {
            throw CommandFailure("--model cannot be used: \(error.message)")
        }
    }

    /// Writes `weights.safetensors` and `batch.json` into a folder.
    func dump(to folder: String) throws {
        try model.save(to: folder + "/weights.safetensors")
        try JSONEncoder().encode(benchmark.batch).write(
            to: URL(fileURLWithPath: folder + "/batch.json"))
    }

    /// What the process used at most, in bytes.
    static var peakBytes: Int {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }

    func machine() -> JSON {
        [
            "numerics": .string(backend.numerics), "threads": .integer(Int64(backend.threads)),
            "peak_memory_bytes": .integer(Int64(Self.peakBytes)),
            "tokens_per_step": .integer(Int64(benchmark.tokens)),
        ]
    }
}
