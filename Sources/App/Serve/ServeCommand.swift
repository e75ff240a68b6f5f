import API
import ArgumentParser
import Foundation
import Glibc
import HTTP
import Multitask
import Pool
import Store

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the API, train and generate.",
        discussion: """
            Examples:
              polytask serve
              polytask serve --port 9000 --data /var/lib/polytask
              POLYTASK_API_KEY=$(openssl rand -hex 24) polytask serve --host 0.0.0.0

            Without an API key the server answers on this machine only. SIGTERM or Ctrl-C lets
            requests finish and saves the running training, for at most 30 seconds; a second one
            exits at once. What was running goes on at the next start.
            """)

    @Option(help: ArgumentHelp("Address to listen on.", valueName: "ADDRESS"))
    var host = "127.0.0.1"

    @Option(help: "Port to listen on; 0 takes a free one.")
    var port: UInt16 = 8000

    @OptionGroup var data: DataFolder

    @Option(help: ArgumentHelp("Threads to compute with; 0: one per core.", valueName: "N"))
    var threads = 0

    @Option(
        name: .customLong("api-key-file"),
        help: ArgumentHelp(
            "File with the API key.", discussion: "Or set POLYTASK_API_KEY.", valueName: "FILE"))
    var keyFile: String?

    func validate() throws {
        guard (0...1024).contains(threads) else {
            throw ValidationError("--threads must be 0 to 1024, found \(threads)")
        }
    }

    func run() async throws {
        let shutdown = Shutdown()
        let key = try KeySource(file: keyFile).read()
        guard key != nil || Gate.isLoopback(host.contains(":") ? "[\(host)]" : host) else {
            throw CommandFailure(
                "without an API key the server listens on this machine only: set "
                    + "POLYTASK_API_KEY or --api-key-file, or leave out --host")
        }
        let store = try data.open()
        let pool = Pool(store: store, executable: try Self.executable(), threads: threads)
        let api = API(
            store: store, compute: pool, catalogue: Multitask.catalogue,
            interference: InterferenceReport.json, key: key)
        let server = try listen(api)
        server.start()
        do {
            try await pool.start()
        } catch {
            throw CommandFailure(
                "the compute processes did not start (\(error)); `polytask doctor` may say why")
        }
        announce(server.port, store)
        await shutdown.requested()
        print("polytask is shutting down; Ctrl-C again exits at once")
        fflush(nil)
        shutdown.exit(afterSeconds: 30)
        api.beginDraining()
        async let drained: Void = server.drain(seconds: 20)
        await drained
        await pool.stop(seconds: 8)
        Foundation.exit(0)
    }

    private func listen(_ api: API) throws -> Server {
        do {
            let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
            return try Server(
                host: host, port: port, threads: min(4, cores), router: api.router)
        } catch {
            throw CommandFailure(
                "cannot listen on \(host) port \(port) (\(error)): choose another port with "
                    + "--port, or stop the server that has it")
        }
    }

    private func announce(_ port: UInt16, _ store: Store) {
        let address = host.contains(":") ? "[\(host)]" : host == "0.0.0.0" ? "127.0.0.1" : host
        print("polytask is ready at http://\(address):\(port) (data in \(store.folder))")
        fflush(nil)
    }

    private static func executable() throws -> String {
        let link = "/proc/self/exe"
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link) else {
            throw CommandFailure("/proc is not mounted: it is needed to start compute processes")
        }
        return path
    }
}
