import Foundation
import Glibc
import JSON
import TestSupport

/// The real binary in a folder of its own. Every call blocks: use it on a thread (`onThread`).
final class ServerProcess {
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// `polytask` lies beside the test bundle.
    static let binary: String = {
        let test = CommandLine.arguments.first ?? ""
        let inBundle = Bundle.allBundles.map(\.bundlePath).first { $0.hasSuffix(".xctest") }
        let beside = URL(fileURLWithPath: inBundle ?? test).deletingLastPathComponent()
        return beside.appendingPathComponent("polytask").path
    }()

    let folder: String
    private let owned: TemporaryFolder
    private(set) var pid: pid_t = 0
    private(set) var port: UInt16 = 0
    private let key: String?
    /// More arguments for the next start.
    var arguments: [String] = []
    /// More environment for the next start: `NAME=value`.
    var environment: [String] = []
    /// The largest file that the next start may write: a disk that fills up, for one process.
    var fileKibibytesMax: Int?
    private var starts = 0

    init(_ folder: TemporaryFolder, key: String? = nil) {
        owned = folder
        self.folder = folder.path
        self.key = key
    }

    deinit { kill() }

    var client: Client { Client(port: port, key: key) }

    /// What all starts printed.
    var output: String {
        (0...starts).map { Self.text("\(folder)/server-\($0).out") }.joined()
    }

    /// Returns once the server printed its address.
    func start(timeoutSeconds: Double = 60) throws {
        starts += 1
        let output = "\(folder)/server-\(starts).out"
        var environment = ["POLYTASK_DATA_DIR=\(folder)/data"]
        if let key { environment.append("POLYTASK_API_KEY=\(key)") }
        pid = try Self.spawn(
            ["serve", "--port", "0", "--threads", "1"] + arguments, output: output,
            environment: environment + self.environment, fileKibibytesMax: fileKibibytesMax)
        let deadline = Date().addingTimeInterval(timeoutSeconds)
        while Date() < deadline {
            if let port = Self.announcedPort(output) {
                self.port = port
                return
            }
            var status: Int32 = 0
            if waitpid(pid, &status, WNOHANG) == pid {
                pid = 0
                throw Failure(description: "the server ended: " + Self.text(output))
            }
            usleep(20_000)
        }
        throw Failure(description: "the server is not ready: " + Self.text(output))
    }

    /// SIGKILL, as a crash or the kernel would.
    func kill() {
        guard pid > 0 else { return }
        _ = Glibc.kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        pid = 0
    }

    /// SIGTERM; the exit status.
    func stop() -> Int32 {
        _ = Glibc.kill(pid, SIGTERM)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        pid = 0
        return status
    }

    /// Runs a subcommand to its end.
    static func run(
        _ arguments: [String], in folder: String, environment: [String] = [],
        binary: String = binary
    ) throws -> (status: Int32, output: String) {
        let output = "\(folder)/command-\(UUID().uuidString).out"
        let pid = try spawn(
            arguments, output: output,
            environment: environment + ["POLYTASK_DATA_DIR=\(folder)/data"], binary: binary)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        return ((status >> 8) & 0xFF, text(output))
    }

    private static func announcedPort(_ output: String) -> UInt16? {
        guard let range = text(output).range(of: "ready at http://127.0.0.1:") else { return nil }
        return UInt16(text(output)[range.upperBound...].prefix { $0.isNumber })
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func spawn(
        _ arguments: [String], output: String, environment: [String],
        fileKibibytesMax: Int? = nil, binary: String = binary
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let inherited = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("POLYTASK_") }.map { "\($0.key)=\($0.value)" }
        let limited = fileKibibytesMax.map {
            ["/bin/bash", "-c", "ulimit -f \($0) && exec \"$0\" \"$@\""]
        }
        let command = (limited ?? []) + [binary] + arguments
        var argv = command.map { strdup($0) } + [nil]
        var envp = (inherited + environment).map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, command[0], &actions, nil, &argv, &envp)
        guard code == 0 else {
            throw Failure(description: "\(binary): \(String(cString: strerror(code)))")
        }
        return pid
    }
}
