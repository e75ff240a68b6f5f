import Foundation
import JSON
import TestSupport

/// A blocking HTTP client that waits for the whole answer. It speaks HTTP/1.0, so that streams
/// come without chunks.
struct Client: Sendable {
    struct Answer {
        var status: Int
        var head: String
        var body: String
        var json: JSON { (try? JSON.parse(body)) ?? .null }
    }

    var port: UInt16
    var key: String?

    func get(_ path: String) throws -> Answer { try send("GET", path) }

    func post(_ path: String, _ body: JSON) throws -> Answer {
        try send("POST", path, type: "application/json", body: body.text)
    }

    func upload(_ name: String, _ rows: String) throws -> Answer {
        try send("POST", "/v1/datasets?name=\(name)", type: "application/jsonl", body: rows)
    }

    func send(
        _ method: String, _ path: String, type: String? = nil, body: String = ""
    ) throws -> Answer {
        let connection = try RawConnection(port: port, timeoutSeconds: 120)
        var head = "\(method) \(path) HTTP/1.0\r\nHost: localhost\r\n"
        if let key { head += "Authorization: Bearer \(key)\r\n" }
        if let type { head += "Content-Type: \(type)\r\n" }
        head += "Content-Length: \(body.utf8.count)\r\n\r\n"
        try connection.send(head + body)
        let top = try connection.receive(until: "\r\n\r\n")
        let rest = try connection.receiveAll()
        let status = top.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Answer(status: status ?? 0, head: top, body: rest)
    }

    /// Polls a run until it satisfies `done`.
    func wait(
        _ run: String, seconds: Double = 120, until done: (JSON) -> Bool
    ) throws -> JSON {
        let deadline = Date().addingTimeInterval(seconds)
        var last: JSON = nil
        while Date() < deadline {
            last = try get("/v1/runs/\(run)").json
            if done(last) { return last }
            usleep(50_000)
        }
        throw ServerProcess.Failure(description: "the run did not get there: \(last.text)")
    }

    func workerPID(_ role: String) throws -> pid_t {
        let workers = try get("/v1/info").json["workers"]?.array ?? []
        let pid = workers.first { $0["role"]?.string == role }?["pid"]?.integer
        guard let pid else {
            throw ServerProcess.Failure(description: "there is no \(role) worker")
        }
        return pid_t(pid)
    }
}
