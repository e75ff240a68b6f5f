/// A descriptor with one owner; closed when that owner goes.
package struct OwnedDescriptor: ~Copyable, Sendable {
    package let raw: Int32
    package init(_ raw: Int32) { self.raw = raw }
    deinit { if raw >= 0 { SystemCalls.close(raw) } }
}
