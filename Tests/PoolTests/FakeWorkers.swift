import Glibc
import Synchronization
import WorkerProtocol

@testable import Pool

/// The worker's end of a real socket pair, for a script that plays a worker.
final class FakeWorker: Sendable {
    let role: WorkerRole
    /// 1 for the first worker of the role.
    let launch: Int
    private let channel: Channel<WorkerRequest, WorkerReply>

    init(role: WorkerRole, launch: Int, descriptor: Int32) {
        self.role = role
        self.launch = launch
        channel = Channel(descriptor: descriptor)
    }

    func send(_ reply: WorkerReply) { try? channel.send(reply) }

    func ready(problems: [String] = []) {
        send(
            .ready(
                WorkerInfo(
                    version: WorkerProtocol.version, pid: 1, role: role.rawValue, threads: 1,
                    numerics: "fake", problems: problems)))
    }

    /// The next request that is not a ping (those are answered); nil: the server hung up.
    func next() -> WorkerRequest? {
        while let request = try? channel.receive() {
            guard case .ping(let number) = request else { return request }
            send(.pong(number))
        }
        return nil
    }

    /// The next request, pings too; none is answered.
    func nextUnanswered() -> WorkerRequest? { (try? channel.receive()) ?? nil }

    /// Answers pings until the server hangs up or says shutdown.
    func idle() {
        while let request = next() {
            if case .shutdown = request { return }
        }
    }
}

/// Plays both workers by scripts, one thread each; a script that returns is a worker that died.
struct FakeLauncher: WorkerLauncher {
    typealias Script = @Sendable (FakeWorker) -> Void

    private final class Counts: Sendable {
        let launches = Mutex<[WorkerRole: Int]>([:])
    }

    private struct Link: WorkerLink {
        let descriptor: Int32
        func terminate() -> String {
            shutdown(descriptor, Int32(SHUT_RDWR))
            return "fake"
        }
    }

    var train: Script = {
        $0.ready()
        $0.idle()
    }
    var infer: Script = {
        $0.ready()
        $0.idle()
    }
    var files: Script = {
        $0.ready()
        $0.idle()
    }
    private let counts = Counts()

    init(train: Script? = nil, infer: Script? = nil, files: Script? = nil) {
        if let files { self.files = files }
        if let train { self.train = train }
        if let infer { self.infer = infer }
    }

    func launches(_ role: WorkerRole) -> Int { counts.launches.withLock { $0[role] ?? 0 } }

    func launch(_ role: WorkerRole) throws -> any WorkerLink {
        let (server, worker) = try StreamPair.make()
        let launch = counts.launches.withLock { launches in
            launches[role, default: 0] += 1
            return launches[role, default: 0]
        }
        let script =
            switch role {
            case .train: train
            case .infer: infer
            case .files: files
            }
        try OwnThread.start("fake worker") {
            script(FakeWorker(role: role, launch: launch, descriptor: worker))
            close(worker)
        }
        return Link(descriptor: server)
    }
}

/// What scripts saw, for tests to read.
final class Seen<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])
    var all: [Value] { values.withLock { $0 } }
    func add(_ value: Value) { values.withLock { $0.append(value) } }
}

/// Waits for something that another thread brings about, at most 10 s (a loaded machine's share).
func eventually(_ condition: () throws -> Bool) async throws -> Bool {
    for _ in 0..<1000 {
        if try condition() { return true }
        try await Task.sleep(nanoseconds: 10_000_000)
    }
    return false
}
