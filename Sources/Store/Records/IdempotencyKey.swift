/// An Idempotency-Key with a digest of the body; the route keeps keys of different routes apart.
package struct IdempotencyKey: Sendable {
    package var key: String
    package var route: String
    package var bodySHA256: String

    package init(key: String, route: String, bodySHA256: String) {
        self.key = key
        self.route = route
        self.bodySHA256 = bodySHA256
    }
}
