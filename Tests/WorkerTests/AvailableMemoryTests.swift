import Testing

@testable import Worker

@Suite struct AvailableMemoryTests {
    private let machine = "MemTotal: 4000 kB\nMemAvailable:    2000 kB\n"

    private func bytes(_ files: [String: String]) -> Int? {
        AvailableMemory.bytes { files[$0] }
    }

    @Test("The machine's where no group says less")
    func machineAlone() {
        #expect(bytes([:]) == nil)
        #expect(bytes(["/proc/meminfo": machine]) == 2_048_000)
        let unlimited = [
            "/proc/meminfo": machine, "/proc/self/cgroup": "0::/a\n",
            "/sys/fs/cgroup/a/memory.max": "max\n", "/sys/fs/cgroup/a/memory.current": "5\n",
        ]
        #expect(bytes(unlimited) == 2_048_000)
        #expect((AvailableMemory.bytes() ?? 0) > 1 << 20)
    }

    @Test("A container's, without what the kernel only caches, and that of the groups around it")
    func container() {
        var files = [
            "/proc/meminfo": machine, "/proc/self/cgroup": "0::/box/own\n",
            "/sys/fs/cgroup/box/own/memory.max": "1000000\n",
            "/sys/fs/cgroup/box/own/memory.current": "700000\n",
            "/sys/fs/cgroup/box/own/memory.stat":
                "anon 400000\nactive_file 100000\ninactive_file 200000\n",
        ]
        #expect(bytes(files) == 600_000)
        files["/sys/fs/cgroup/box/memory.max"] = "900000\n"
        files["/sys/fs/cgroup/box/memory.current"] = "800000\n"
        #expect(bytes(files) == 100_000)
        // In a namespace of its own the group is the root.
        files["/proc/self/cgroup"] = "0::/\n"
        files["/sys/fs/cgroup/memory.max"] = "50\n"
        files["/sys/fs/cgroup/memory.current"] = "80\n"
        #expect(bytes(files) == 0)
    }

    @Test("The older interface, whose path a container may not see")
    func older() {
        let files = [
            "/proc/meminfo": machine, "/proc/self/cgroup": "5:cpu:/x\n4:memory:/docker/1\n0::/\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "300000\n",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes": "200000\n",
            "/sys/fs/cgroup/memory/memory.stat": "total_inactive_file 50000\n",
        ]
        #expect(bytes(files) == 150_000)
    }
}
