import CLinux
import CPUBackend
import FoundationEssentials
import Glibc
import JSON

/// What a compute child arranges with the kernel before it computes.
enum ProcessSetup {
    private static let coreTypeVariable = "OPENBLAS_CORETYPE"
    /// Old enough that every processor of today computes right with it.
    private static let safeCoreType = "Haswell"
    private static let retryVariable = "POLYTASK_BLAS_RETRIED"
    private static let niceLowest: Int32 = 19
    /// Below the server: a tenth of the weight of one of its threads.
    private static let niceSteps: Int32 = 10

    /// The socket's end says it too, but not to a thread that computes.
    static func dieWithParent() {
        let parent = getppid()
        _ = linux_die_with_parent()
        // It died between the start and the call above.
        if parent != getppid() { _exit(0) }
    }

    /// Compares the BLAS with naive loops. Wrong results: starts this program over with a safe core
    /// type, once; then says what is wrong.
    static func checkMathematics() -> String? {
        guard let problem = CPUBackend.selfCheck() else { return nil }
        guard getenv(retryVariable) == nil else {
            return problem + "; it is so with \(coreTypeVariable)=\(safeCoreType) too"
        }
        say("\(problem); trying again with \(coreTypeVariable)=\(safeCoreType)")
        setenv(coreTypeVariable, safeCoreType, 1)
        setenv(retryVariable, "1", 1)
        var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
        execv("/proc/self/exe", &arguments)
        return problem
    }

    /// Lowers every thread but the one that answers the server (its id is the process's); threads
    /// started later by a lowered one are lowered too. Inference goes behind the server, whose
    /// answers are short and must not wait for a batch; all else takes what others leave.
    static func lowerPriority(isInference: Bool) {
        let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
        let own = getpriority(Int32(PRIO_PROCESS.rawValue), id_t(getpid()))
        let nice = isInference ? min(own + niceSteps, niceLowest) : niceLowest
        for thread in (threads ?? []).compactMap({ Int32($0) }) where thread != getpid() {
            setpriority(Int32(PRIO_PROCESS.rawValue), id_t(thread), nice)
            if !isInference { _ = linux_schedule_idle(thread) }
        }
    }

    /// One line for the operator, in the form of the server's log.
    static func say(
        _ text: String, level: String = "warning",
        _ fields: [(name: String, value: JSON)] = []
    ) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let seconds = Double(time.tv_sec) + Double(time.tv_nsec / 1_000_000) / 1000
        var line: JSONObject = [
            "time": .number(seconds), "level": .string(level), "event": "compute",
            "message": .string(text), "pid": .integer(Int64(getpid())),
        ]
        for (name, value) in fields { line[name] = value }
        let bytes = JSON.object(line).bytes() + [UInt8(ascii: "\n")]
        _ = write(2, bytes, bytes.count)
    }
}
