import Testing

@testable import Sockets

@Suite struct TimersTests {
    @Test("Deadlines fire in order, none early, none twice")
    func order() {
        var timers = Timers()
        let deadlines = (0..<500).map { Double(($0 * 7919) % 500) }
        for (token, deadline) in deadlines.enumerated() {
            timers.arm(UInt64(token), at: deadline)
        }
        #expect(timers.earliest == 0)
        #expect(timers.popExpired(at: -1) == nil)
        var fired: [Double] = []
        while let entry = timers.popExpired(at: 249) { fired.append(entry.deadline) }
        #expect(fired == (0..<250).map(Double.init))
        while timers.popExpired(at: .infinity) != nil {}
        #expect(timers.count == 0 && timers.earliest == nil)
    }
}
