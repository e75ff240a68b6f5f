import ArgumentParser
import HTTP

/// What every command that serves HTTP takes about its connections.
struct WireOptions: ParsableArguments {
    @Option(
        name: .customLong("connections-per-address"),
        help: ArgumentHelp(
            "Most connections of one client address; 0: no limit.",
            discussion: "256 suits a server that the internet reaches directly.",
            valueName: "N"))
    var connectionsPerAddress = 0

    @Option(
        name: .customLong("trusted-proxy"),
        help: ArgumentHelp(
            "An address that --connections-per-address does not hold for (repeatable).",
            valueName: "ADDRESS"))
    var trustedProxies: [String] = []

    @Option(
        name: .customLong("tls-cert"),
        help: ArgumentHelp(
            "PEM file of the certificate chain; with --tls-key the port speaks TLS.",
            discussion: "SIGHUP reads both again; open connections live on.", valueName: "FILE"))
    var certificate: String?

    @Option(
        name: .customLong("tls-key"),
        help: ArgumentHelp("PEM file of the certificate's private key.", valueName: "FILE"))
    var key: String?

    @Option(
        name: .customLong("tls-client-ca"),
        help: ArgumentHelp(
            "PEM file of the authorities whose client certificates are accepted.",
            valueName: "FILE"))
    var clientAuthorities: String?

    func validate() throws {
        guard (certificate == nil) == (key == nil) else {
            throw ValidationError("--tls-cert and --tls-key must come together")
        }
        guard clientAuthorities == nil || certificate != nil else {
            throw ValidationError("--tls-client-ca needs --tls-cert and --tls-key")
        }
        guard (0...1_000_000).contains(connectionsPerAddress) else {
            throw ValidationError(
                "--connections-per-address must be 0 to 1000000, found \(connectionsPerAddress)")
        }
    }

    var scheme: String { certificate == nil ? "http" : "https" }

    var tls: TLSSettings? {
        guard let certificate, let key else { return nil }
        return TLSSettings(
            certificateFile: certificate, keyFile: key, clientAuthoritiesFile: clientAuthorities)
    }

    var limits: ServerLimits {
        var limits = ServerLimits()
        if connectionsPerAddress > 0 { limits.connectionsPerAddressMax = connectionsPerAddress }
        limits.trustedProxies = Set(trustedProxies)
        return limits
    }
}
