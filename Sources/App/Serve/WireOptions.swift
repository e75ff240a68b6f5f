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

    func validate() throws {
        guard (0...1_000_000).contains(connectionsPerAddress) else {
            throw ValidationError(
                "--connections-per-address must be 0 to 1000000, found \(connectionsPerAddress)")
        }
    }

    var limits: ServerLimits {
        var limits = ServerLimits()
        if connectionsPerAddress > 0 { limits.connectionsPerAddressMax = connectionsPerAddress }
        limits.trustedProxies = Set(trustedProxies)
        return limits
    }
}
