import Testing

@testable import Sockets

@Suite struct ListenersTests {
    @Test("A port in use says so, shared or not")
    func portInUse() throws {
        let first = try Listeners(host: "127.0.0.1", port: 0, sharedPort: true)
        for sharedPort in [false, true] {
            let error = #expect(throws: SocketError.self) {
                _ = try Listeners(host: "127.0.0.1", port: first.port, sharedPort: sharedPort)
            }
            #expect(error?.code == .addressInUse)
        }
        let beside = try Listeners(besides: first, host: "127.0.0.1")
        #expect(beside.port == first.port)
    }

    @Test("A host name other than localhost is refused with what is allowed")
    func names() {
        let error = #expect(throws: SocketError.self) {
            _ = try Listeners(host: "example.org", port: 0, sharedPort: false)
        }
        #expect(error?.code == .addressInvalid)
    }
}
