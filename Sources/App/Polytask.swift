import API
import ArgumentParser

/// The command line: each subcommand parses, wires and runs, nothing more.
@main
struct Polytask: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "polytask",
        abstract: "Fine-tune one language model on several tasks at once, and serve the result.",
        discussion: """
            First steps:
              polytask models import model.gguf --name smollm2-135m-instruct
              polytask serve
              curl 'http://127.0.0.1:8000/v1/datasets?name=reviews' --data-binary @rows.jsonl

            When something does not work, `polytask doctor` says what is wrong and what to do.
            """,
        version: Version.current,
        subcommands: [
            ServeCommand.self, DoctorCommand.self, ModelsCommand.self, KeysCommand.self,
            TokenizeCommand.self, BenchCommand.self, VersionCommand.self, ComputeCommand.self,
        ])
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    func run() { print("polytask \(Version.current)") }
}
