/// Whoever owns a descriptor on a reactor. Every call comes on the reactor's thread.
package protocol EventHandler: AnyObject {
    /// Epoll reported `readiness`.
    func ready(_ readiness: Readiness)
    /// A deadline that was armed has come; it may have been moved since.
    func expired(armedFor deadline: Double)
    /// The group of events in which `Reactor.callAtGroupEnd` was asked is over.
    func groupEnded()
}
