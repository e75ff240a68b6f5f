import Foundation
import Glibc
import Worker

/// The processor and its memory.
enum MachineCheck {
    /// Full fine-tuning of a model of 135 million parameters in fp32, activations included.
    private static let memoryWantedBytes = 4.0 * 1_073_741_824

    static func processor() -> [Finding] {
        let lines = text("/proc/cpuinfo").split(separator: "\n")
        guard !lines.isEmpty else {
            return [
                .fail(
                    "processor", "/proc cannot be read",
                    "mount /proc: compute processes are started through it")
            ]
        }
        let name = value("model name", lines) ?? "unknown"
        let flags = Set((value("flags", lines) ?? "").split(separator: " ").map(String.init))
        let wanted = ["avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16"]
        let found = wanted.filter(flags.contains)
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let sets = found.isEmpty ? "no vector extensions beyond SSE" : found.joined(separator: " ")
        let what = "\(name), \(threads) threads, \(sets)"
        guard flags.contains("avx2") else {
            return [.warn("processor", what, "without AVX2 training is several times slower")]
        }
        return [.ok("processor", what)]
    }

    static func memory() -> [Finding] {
        let lines = text("/proc/meminfo").split(separator: "\n")
        guard let total = bytes("MemTotal", lines), let free = AvailableMemory.bytes() else {
            return [.warn("memory", "unknown", "check that /proc is mounted")]
        }
        let what = "\(gibibytes(total)), \(gibibytes(Double(free))) available"
        guard Double(free) >= memoryWantedBytes else {
            return [
                .warn(
                    "memory", what,
                    "training a 135M model wants about 4 GiB; close programs or use a smaller "
                        + "batch_tokens")
            ]
        }
        return [.ok("memory", what)]
    }

    static func gibibytes(_ bytes: Double) -> String {
        String(format: "%.1f GiB", bytes / 1_073_741_824)
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func value(_ name: String, _ lines: [Substring]) -> String? {
        guard let line = lines.first(where: { $0.hasPrefix(name) }),
            let colon = line.firstIndex(of: ":")
        else { return nil }
        return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }

    private static func bytes(_ name: String, _ lines: [Substring]) -> Double? {
        value(name, lines)?.split(separator: " ").first.flatMap { Double($0) }.map { $0 * 1024 }
    }
}
