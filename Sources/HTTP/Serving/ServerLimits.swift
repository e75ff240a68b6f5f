/// Every limit and deadline of the wire, with its default.
package struct ServerLimits: Sendable {
    /// All field lines of a request, trailers included.
    package var headerBytesMax = 32 * 1024
    package var requestLineBytesMax = 8 * 1024
    package var fieldBytesMax = 8 * 1024
    package var fieldCountMax = 100
    /// From accept, or from the first byte of a later request, to the end of its header.
    package var headerSeconds = 10.0
    /// Between two pieces of a body that is wanted; also how long an average may be too slow.
    package var bodyIdleSeconds = 30.0
    /// The average a body must keep after `bodyIdleSeconds`.
    package var bodyBytesPerSecondMin = 1024.0
    /// Body bytes held for a handler that has not asked for them yet.
    package var bodyBufferBytesMax = 64 * 1024
    package var keepAliveSeconds = 75.0
    /// Without one byte taken by the client.
    package var writeStallSeconds = 60.0
    /// Over all reactors; with the urgent ones at most three quarters of the process's descriptors.
    package var connectionsMax = 16_384
    /// Per reactor and above `connectionsMax`: places for clients of urgent routes. Others are
    /// answered 503 there.
    package var urgentConnectionsMax = 32
    /// Connections of one peer address; nil does not count. 256 suits a server that the internet
    /// reaches directly.
    package var connectionsPerAddressMax: Int?
    /// Addresses that `connectionsPerAddressMax` does not hold for, beside the loopback ones.
    package var trustedProxies: Set<String> = []
    var exemptsLoopback = true
    /// Output held for a client that reads slowly; a stream's writer waits beyond it.
    package var outputBytesMax = 256 * 1024
    /// Pieces of a live stream that the client has not taken; beyond it or `outputBytesMax` the
    /// work is cancelled and the connection closed.
    package var outputEventsMax = 1024
    /// Requests of one connection that may be outstanding.
    package var pipelinedMax = 16
    /// An unread body of at most this many bytes is read away after an early answer, and the
    /// connection kept; with a larger one it is closed.
    package var discardBytesMax = 64 * 1024
    /// After a closing answer: how much and how long input is read away, so that the client gets
    /// to read the answer before a reset.
    package var lingerBytesMax = 1024 * 1024
    package var lingerSeconds = 2.0
    /// A client that sent FIN may have left or may wait for its answer. TCP does not say which:
    /// a handler that has not answered after this time is cancelled. A stream is not: its writes
    /// tell.
    package var halfCloseSeconds = 1.0

    package init() {}

    /// With no more connections than leave a quarter of the descriptors to files: who holds
    /// connections must not keep others from what is stored.
    func within(descriptors: Int, reactors: Int) -> ServerLimits {
        var limits = self
        limits.urgentConnectionsMax = min(
            urgentConnectionsMax, max(1, descriptors / 16 / reactors))
        limits.connectionsMax = min(
            connectionsMax,
            max(reactors, descriptors / 4 * 3 - limits.urgentConnectionsMax * reactors))
        return limits
    }
}

/// One copy for all connections, so that it stays in the processor's caches.
final class SharedLimits: Sendable {
    let values: ServerLimits
    let parser: ParserLimits

    init(_ values: ServerLimits) {
        self.values = values
        var parser = ParserLimits()
        parser.requestLineBytesMax = values.requestLineBytesMax
        parser.fieldBytesMax = values.fieldBytesMax
        parser.headerBytesMax = values.headerBytesMax
        parser.fieldCountMax = values.fieldCountMax
        self.parser = parser
    }
}
