import ArgumentParser

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what this machine has, what is wrong with it, and what to do.",
        discussion: """
            Each line is ok, warn or fail. The exit code is 1 when something failed.

            Example:
              polytask doctor --data /var/lib/polytask
            """)

    @OptionGroup var data: DataFolder

    func run() throws {
        let checks: [() -> [Finding]] = [
            MachineCheck.processor, MachineCheck.memory, BLASCheck.findings, GPUCheck.findings,
            DataFolderCheck(path: data.path).findings,
        ]
        var failures = 0
        for check in checks {
            for finding in check() {
                print(finding.text)
                if finding.verdict == .fail { failures += 1 }
            }
        }
        if failures > 0 { throw ExitCode(1) }
    }
}
