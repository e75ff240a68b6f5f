import ArgumentParser

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure this machine, or serve something to measure.",
        discussion: """
            `step` and `methods` print a table and, with --json, one JSON object as their last
            line. `echo` serves until it is stopped.

            Examples:
              polytask bench step --model SmolLM2-135M-Instruct.Q4_1.gguf
              polytask bench methods --model SmolLM2-135M-Instruct.Q4_1.gguf --json
              polytask bench echo --port 8080
            """,
        subcommands: [BenchStep.self, BenchMethods.self, BenchEcho.self])
}

/// What every benchmark of training steps takes.
struct BenchOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The model file (GGUF).", valueName: "FILE"))
    var model: String

    @Option(help: "Threads to compute with; 0: one per core.")
    var threads = 0

    @Option(help: "Sequences per task and step.")
    var sequences = 8

    @Option(help: "Tokens per sequence.")
    var length = 64

    @Flag(help: "End with one JSON object.")
    var json = false

    func validate() throws {
        guard (0...1024).contains(threads) else {
            throw ValidationError("--threads must be 0 to 1024, found \(threads)")
        }
        guard (1...64).contains(sequences), (2...2048).contains(length) else {
            throw ValidationError("--sequences must be 1 to 64 and --length 2 to 2048")
        }
    }
}
