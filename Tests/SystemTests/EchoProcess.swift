import Foundation
import Glibc
import TestSupport

/// `polytask bench echo` as a process of its own. Every call blocks: use it on a thread.
final class EchoProcess {
    struct Failure: Error { let message: String }
    private let process = Process()
    private let folder: TemporaryFolder
    let port: UInt16

    /// - Parameter descriptorsMax: the limit of open files, soft and hard.
    init(_ folder: TemporaryFolder, descriptorsMax: Int? = nil, _ arguments: [String] = []) throws {
        let output = folder.path + "/echo.out"
        self.folder = folder
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        let limit = descriptorsMax.map { "ulimit -n \($0) && " } ?? ""
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments =
            [
                "-c", limit + #"exec "$0" bench echo --port 0 "$@""#, ServerProcess.binary,
            ] + arguments
        process.standardOutput = FileHandle(forWritingAtPath: output)
        try process.run()
        let deadline = Date().addingTimeInterval(30)
        var port: UInt16?
        while port == nil, Date() < deadline {
            let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            if let line = text.split(separator: "\n").first(where: { $0.contains("ready at") }) {
                port = line.split(separator: ":").last.flatMap { UInt16($0) }
            }
            usleep(10_000)
        }
        guard let port else {
            process.terminate()
            throw Failure(message: "the echo server did not start")
        }
        self.port = port
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    var residentBytes: Int {
        let path = "/proc/\(process.processIdentifier)/statm"
        let statm = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return (statm.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    /// SIGTERM; the exit status.
    func stop() -> Int32 {
        signal()
        return awaitExit()
    }

    /// The exit status.
    func awaitExit() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Changes its limit of open files, soft and hard, while it runs.
    func limitDescriptors(to countMax: Int) throws {
        let prlimit = Process()
        prlimit.executableURL = URL(fileURLWithPath: "/usr/bin/prlimit")
        prlimit.arguments = ["--pid=\(process.processIdentifier)", "--nofile=\(countMax)"]
        try prlimit.run()
        prlimit.waitUntilExit()
        guard prlimit.terminationStatus == 0 else { throw Failure(message: "prlimit failed") }
    }

    func signal() { kill(process.processIdentifier, SIGTERM) }

    func connect() throws -> RawConnection { try RawConnection(port: port) }

    /// One request on a connection of its own; the whole answer.
    func get(_ path: String) throws -> String {
        let client = try connect()
        try client.send("GET \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        return try client.receiveAll()
    }
}
