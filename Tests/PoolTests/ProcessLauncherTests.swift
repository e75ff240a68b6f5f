import FoundationEssentials
import Glibc
import Testing
import WorkerProtocol

@testable import Pool

/// Workers are shell scripts here: what a process was given, it says through its socket.
@Suite struct ProcessLauncherTests {
    private static func launcher(_ script: String) throws -> ProcessLauncher {
        let path =
            FileManager.default.temporaryDirectory.path
            + "/worker-\(UInt64.random(in: 0...(.max))).sh"
        _ = FileManager.default.createFile(
            atPath: path + ".txt", contents: Data("#!/bin/sh\n\(script)\n".utf8))
        // Copied by another process: one that a test beside forks off while this one has the file
        // open for writing would make it "busy".
        try #require(system("cp \(path).txt \(path) && chmod 700 \(path)") == 0)
        return ProcessLauncher(executable: path, threads: 3)
    }

    /// Everything the worker says until it closes its socket.
    private static func answer(_ link: any WorkerLink) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try OwnThread.start("reader") {
                    var bytes: [UInt8] = []
                    while let more = try? SocketBytes.receive(link.descriptor, waiting: true),
                        !more.isEmpty
                    { bytes += more }
                    continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    @Test("A worker is told its role and threads, in a process group of its own")
    func start() async throws {
        let link = try Self.launcher("echo \"$@\" >&3; read wait <&3").launch(.train)
        let child = try #require(link as? ChildProcess)
        #expect(getpgid(child.pid) == child.pid)
        shutdown(link.descriptor, Int32(SHUT_WR))
        #expect(try await Self.answer(link) == "compute --role train --threads 3\n")
        #expect(link.terminate().hasPrefix("exit status"))
        close(link.descriptor)
    }

    @Test("A worker inherits its socket and nothing else that this process has open")
    func descriptors() async throws {
        // Not close-on-exec, as a library may leave one.
        let leaked = fcntl(1, F_DUPFD, 197)
        defer { close(leaked) }
        let link = try Self.launcher(
            "exec >&3; for d in /proc/self/fd/*; do echo ${d##*/}; done; readlink /proc/self/fd/0"
        ).launch(.infer)
        let lines = try await Self.answer(link).split(separator: "\n").map(String.init)
        _ = link.terminate()
        close(link.descriptor)
        #expect(lines.last == "/dev/null")
        let numbers = lines.compactMap { Int($0) }
        #expect(numbers.contains(3))
        // The shell itself reads the script and the folder through two of its own.
        #expect(numbers.filter { $0 > 3 }.count <= 2, "\(lines)")
        #expect(!numbers.contains(Int(leaked)))
    }

    @Test(
        "How a worker ended is told",
        arguments: [("exit 7", "exit status 7"), ("kill -9 $$", "signal 9")])
    func death(script: String, expected: String) async throws {
        let link = try Self.launcher(script).launch(.infer)
        #expect(try await Self.answer(link) == "", "its end closes the socket")
        #expect(link.terminate() == expected)
        close(link.descriptor)
    }

    @Test("A worker that does not end by itself is killed")
    func stubborn() async throws {
        let link = try Self.launcher("trap '' TERM INT; exec sleep 600").launch(.infer)
        #expect(link.terminate() == "signal 9")
        close(link.descriptor)
    }

    @Test("An executable that is not there is an error that says so")
    func missing() {
        let launcher = ProcessLauncher(executable: "/nowhere/polytask", threads: 1)
        let error = #expect(throws: WorkerFailure.self) { try launcher.launch(.infer) }
        #expect(error?.message.contains("No such file") == true)
    }
}

/// The real binary beside the test bundle.
@Suite struct RealChildTests {
    static let binary: String? = {
        var folder = CommandLine.arguments[0]
        for argument in CommandLine.arguments where argument.hasSuffix(".xctest") {
            folder = argument
        }
        guard let slash = folder.lastIndex(of: "/") else { return nil }
        let path = folder[..<slash] + "/polytask"
        return FileManager.default.isExecutableFile(atPath: String(path)) ? String(path) : nil
    }()

    @Test(
        "A stopped worker is noticed by the heartbeat deadline and replaced",
        .enabled(if: binary != nil))
    func stopped() async throws {
        let fixture = try PoolFixture.make()
        let reports = Seen<String>()
        var limits = PoolLimits()
        limits.pingSeconds = 0.1
        limits.pongSecondsMax = 3
        limits.restartSeconds = 0.01
        let pool = Pool(
            store: fixture.store,
            environment: PoolEnvironment(
                launcher: ProcessLauncher(executable: Self.binary ?? "", threads: 1),
                limits: limits, report: { reports.add($0) }))
        try await pool.start()
        let first = try #require(await pool.workers.last)
        #expect(first.role == "infer")
        kill(first.pid, SIGSTOP)
        #expect(try await eventually { reports.all.contains { $0.contains("did not answer") } })
        #expect(kill(first.pid, 0) == -1, "it is gone, not left behind stopped")
        try await pool.start()
        #expect(await pool.workers.last?.pid != first.pid)
        #expect(await pool.isReady)
        await pool.stop(seconds: 1)
        await fixture.end()
    }
}
