import Foundation

/// What a process may still take before the kernel ends one for want of memory: the machine's, or
/// less where the process's control group, such as a container's, may have less.
package enum AvailableMemory {
    /// - Parameter file: the text of a file; `nil` where there is none.
    /// - Returns: `nil` where /proc does not tell.
    package static func bytes(_ file: (String) -> String? = text) -> Int? {
        guard
            let line = file("/proc/meminfo")?.split(separator: "\n")
                .first(where: { $0.hasPrefix("MemAvailable:") }),
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return max(0, groups(file).reduce(1024 * kibibytes) { min($0, $1) })
    }

    package static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The files of a control group in one of the kernel's two interfaces.
    private struct Interface {
        var root: String
        var limit: String
        var usage: String
        /// Fields of `memory.stat` whose bytes are given back when they are needed.
        var reclaimable: [String]
    }

    private static let first = Interface(
        root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes",
        usage: "memory.usage_in_bytes", reclaimable: ["total_active_file", "total_inactive_file"])
    private static let second = Interface(
        root: "/sys/fs/cgroup", limit: "memory.max", usage: "memory.current",
        reclaimable: ["active_file", "inactive_file"])

    /// What is left in the process's group and in each that it is part of.
    private static func groups(_ file: (String) -> String?) -> [Int] {
        (file("/proc/self/cgroup") ?? "").split(separator: "\n").flatMap { line -> [Int] in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return [] }
            let isSecond = fields[0] == "0" && fields[1].isEmpty
            guard isSecond || fields[1].split(separator: ",").contains("memory") else { return [] }
            let interface = isSecond ? second : first
            let parts = fields[2].split(separator: "/")
            return (0...parts.count).compactMap { count in
                left(([interface.root] + parts.prefix(count).map(String.init)), interface, file)
            }
        }
    }

    /// `nil`: a group without a limit, or one that cannot be seen from within a container.
    private static func left(
        _ folder: [String], _ interface: Interface, _ file: (String) -> String?
    ) -> Int? {
        let path = folder.joined(separator: "/")
        func number(_ name: String) -> Int? {
            file("\(path)/\(name)").flatMap {
                Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
            }
        }
        guard let limit = number(interface.limit), let usage = number(interface.usage) else {
            return nil
        }
        let held = (file("\(path)/memory.stat") ?? "").split(separator: "\n").reduce(0) {
            sum, line in
            let fields = line.split(separator: " ")
            guard fields.count == 2, interface.reclaimable.contains(String(fields[0])) else {
                return sum
            }
            return sum + (Int(fields[1]) ?? 0)
        }
        return limit - max(0, usage - held)
    }
}
