import CLinux
import FoundationEssentials
import Glibc
import WorkerProtocol

/// Starts workers as children of this process: `<executable> compute --role R --threads N`.
/// A child has its socket as descriptor 3 and standard error of ours, nothing else, and a process
/// group of its own so that the terminal's Ctrl-C reaches the server alone.
struct ProcessLauncher: WorkerLauncher {
    static let childDescriptor: Int32 = 3
    var executable: String
    var threads: Int

    func launch(_ role: WorkerRole) throws -> any WorkerLink {
        let (server, worker) = try StreamPair.make()
        defer { close(worker) }
        var pid: pid_t = 0
        let code = spawn(&pid, role: role, socket: worker)
        guard code == 0 else {
            close(server)
            throw WorkerFailure(
                code: "internal",
                message: "the \(role.rawValue) worker could not be started: "
                    + String(cString: strerror(code)))
        }
        return ChildProcess(descriptor: server, pid: pid)
    }

    private func spawn(_ pid: inout pid_t, role: WorkerRole, socket: Int32) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, socket, Self.childDescriptor)
        // Standard output belongs to the server; what a worker has to say goes to standard error.
        posix_spawn_file_actions_adddup2(&actions, 2, 1)
        linux_spawn_close_from(&actions, Self.childDescriptor + 1)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let arguments = [
            executable, "compute", "--role", role.rawValue, "--threads", "\(threads)",
        ]
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        return Self.withCStrings(arguments) { arguments in
            Self.withCStrings(environment) { environment in
                posix_spawn(&pid, executable, &actions, &attributes, arguments, environment)
            }
        }
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}
