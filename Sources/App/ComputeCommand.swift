import ArgumentParser
import Worker

/// The process that owns a device; started by `serve`, never by hand.
struct ComputeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compute", abstract: "A compute process (started by `serve`).",
        shouldDisplay: false)

    @Option(help: "train, infer or files.")
    var role: String

    @Option(help: "The descriptor of the socket to the server.")
    var fd: Int32 = 3

    @Option(help: "Threads to compute with; 0: one per core.")
    var threads = 0

    func validate() throws {
        guard ["train", "infer", "files"].contains(role) else {
            throw ValidationError("--role must be train, infer or files")
        }
        guard fd > 2, threads >= 0 else {
            throw ValidationError("--fd must be above 2 and --threads not negative")
        }
    }

    func run() { Worker.run(role: role, descriptor: fd, threads: threads) }
}
