import API
import ArgumentParser
import CPUBackend
import Foundation
import Glibc
import HTTP
import JSON
import Multitask
import Pool
import Store
import Tensor
import WorkerProtocol

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the API, train and generate.",
        discussion: """
            Examples:
              polytask serve
              polytask serve --port 9000 --data /var/lib/polytask
              POLYTASK_API_KEY=$(openssl rand -hex 24) polytask serve --host 0.0.0.0

            Without an API key (`polytask keys create`) the server answers on this machine only.
            SIGTERM or Ctrl-C lets
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
            "File with an API key for everything.",
            discussion: "Or set POLYTASK_API_KEY, or make keys with `polytask keys create`.",
            valueName: "FILE"))
    var keyFile: String?

    @Option(
        name: .customLong("allow-model-paths"),
        help: ArgumentHelp(
            "Folder from which POST /v1/models may import by path.", valueName: "DIR"))
    var modelFolder: String?

    @OptionGroup var trackers: TrackerOptions

    @Option(
        help: ArgumentHelp(
            "Hub from which POST /v1/models may import, with Hugging Face's URLs; none: no hub.",
            discussion: "POLYTASK_HUB_TOKEN is sent to it.", valueName: "URL"))
    var hub = "https://huggingface.co"

    @OptionGroup var wire: WireOptions

    func validate() throws {
        guard (0...1024).contains(threads) else {
            throw ValidationError("--threads must be 0 to 1024, found \(threads)")
        }
    }

    func run() async throws {
        let shutdown = Shutdown()
        let key = try KeySource(file: keyFile).read()
        let mlflow = try trackers.mlflowServer()
        let store = try data.open()
        let log = try LogWriter()
        let pool = Pool(
            store: store, executable: try Self.executable(), threads: threads,
            report: { log.write(LogEntry(.warning, "worker", [("message", .string($0))])) })
        let metrics = ServerMetrics()
        let api = try API(
            store: store, compute: pool, catalogue: Multitask.catalogue,
            dtypes: CPUBackend.precisions.map(\.rawValue),
            interference: .product, key: key,
            sources: try modelSources(), metrics: metrics,
            log: { log.write($0) })
        let isLoopback = Gate.isLoopback(host.contains(":") ? "[\(host)]" : host)
        guard api.isAuthenticated || isLoopback else {
            throw CommandFailure(
                "without an API key the server listens on this machine only: make one with "
                    + "`polytask keys create`, set POLYTASK_API_KEY, or leave out --host")
        }
        let server = try listen(api, metrics)
        server.start()
        let reloader = wire.tls.map { _ in CertificateReloader(server) }
        defer { reloader?.stop() }
        do {
            try await pool.start()
        } catch let error as WorkerFailure where error.code == "wrong_mathematics" {
            throw CommandFailure(error.message)
        } catch {
            throw CommandFailure(
                "the compute processes did not start (\(error)); `polytask doctor` may say why")
        }
        let following = Task { await api.followKeys() }
        let importing = Task { await api.runImports() }
        if !api.isAuthenticated {
            print("there is no API key: only this machine is answered (polytask keys create)")
        }
        let forwarding = MetricForwarding(
            trackers.sinks(mlflow, store), store: store, log: { log.write($0) })
        announce(server.port, store)
        await shutdown.requested()
        following.cancel()
        forwarding.stop()
        importing.cancel()
        print("polytask is shutting down; Ctrl-C again exits at once")
        fflush(nil)
        shutdown.exit(afterSeconds: 30)
        api.beginDraining()
        async let drained: Void = server.drain(seconds: 20)
        await drained
        await pool.stop(seconds: 8)
        log.flush()
        Foundation.exit(0)
    }

    private func listen(_ api: API, _ metrics: ServerMetrics) throws -> Server {
        do {
            let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
            return try Server(
                host: host, port: port, threads: min(4, cores), limits: wire.limits,
                tls: wire.tls, metrics: metrics, onRequest: { api.note($0) }, router: api.router)
        } catch {
            throw CommandFailure(
                "cannot listen on \(host) port \(port) (\(error)): choose another port with "
                    + "--port, or stop the server that has it")
        }
    }

    private func announce(_ port: UInt16, _ store: Store) {
        let address = host.contains(":") ? "[\(host)]" : host == "0.0.0.0" ? "127.0.0.1" : host
        print("polytask is ready at \(wire.scheme)://\(address):\(port) (data in \(store.folder))")
        fflush(nil)
    }

    private func modelSources() throws -> ModelSources {
        var url: ClientURL?
        if hub != "none" {
            url = ClientURL(hub)
            guard url != nil else {
                throw CommandFailure("--hub must be an http or https URL, or none")
            }
        }
        let token = getenv("POLYTASK_HUB_TOKEN").map { String(cString: $0) }
        return ModelSources(folder: modelFolder, hub: url, hubToken: token)
    }

    private static func executable() throws -> String {
        let link = "/proc/self/exe"
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link) else {
            throw CommandFailure("/proc is not mounted: it is needed to start compute processes")
        }
        return path
    }
}
