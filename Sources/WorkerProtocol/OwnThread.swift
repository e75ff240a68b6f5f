import Glibc

/// A thread for one blocking loop; never a thread of the cooperative pool.
package enum OwnThread {
    /// Deep tapes and long loops fit with room to spare.
    static let stackBytes = 16 << 20

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a detached thread; `name` says what for when there is none left.
    ///
    /// - Throws: `ProtocolError` with code `io` when the system has no thread left.
    package static func start(
        _ name: StaticString, _ body: @escaping @Sendable () -> Void
    ) throws {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let argument = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { raw in
                if let raw { Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run() }
                return nil
            }, argument.toOpaque())
        guard code == 0 else {
            argument.release()
            throw ProtocolError(
                code: "io",
                message: "no thread for '\(name)': \(String(cString: strerror(code)))")
        }
    }
}
