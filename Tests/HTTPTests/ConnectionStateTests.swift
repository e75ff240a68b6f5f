import TestSupport
import Testing

@testable import HTTP

/// A connection without a socket: time is what the test says it is.
private final class Wire {
    var state: ConnectionState
    private(set) var actions: [ConnectionAction] = []

    init(_ change: (inout ServerLimits) -> Void = { _ in }) {
        var limits = ServerLimits()
        change(&limits)
        state = ConnectionState(SharedLimits(limits), now: 0)
    }

    func at(_ seconds: Double, _ event: (inout ConnectionState) -> Void) {
        state.advance(to: seconds)
        event(&state)
        var taken: [ConnectionAction] = []
        state.takeActions(into: &taken)
        actions += taken
    }

    func receive(_ text: String, at seconds: Double = 0) {
        at(seconds) { state in
            Array(text.utf8).withUnsafeBufferPointer { state.receive($0) }
        }
    }

    func answer(_ number: Int, _ body: String = "", at seconds: Double = 0) {
        at(seconds) {
            $0.answer(number, .make(Response(200, body: .bytes(Array(body.utf8)))))
        }
    }

    /// The client takes everything.
    func flush(at seconds: Double = 0) -> String {
        let text = state.output.withUnsent { String(decoding: $0, as: UTF8.self) }
        at(seconds) {
            $0.didSend($0.output.count)
            $0.didFlush()
        }
        return text
    }

    var started: [Int] {
        actions.compactMap { if case .start(let number) = $0 { number } else { nil } }
    }

    func has(_ action: ConnectionAction) -> Bool { actions.contains(action) }
}

extension Answer {
    fileprivate static func make(_ response: Response) -> Answer {
        Answer(response: response, requestID: "i", date: Array("now".utf8))
    }
}

@Suite("A connection's state") struct ConnectionStateTests {
    private let get = RawConnection.get("/")

    @Test("A request starts its handler, its answer becomes bytes, and time starts anew")
    func exchange() {
        let wire = Wire()
        #expect(wire.state.deadline == 10)
        wire.receive(get, at: 1)
        #expect(wire.started == [1])
        #expect(wire.state.deadline == nil, "only the handler is awaited")
        wire.answer(1, "hi", at: 3)
        #expect(wire.state.deadline == 63, "the client has to take it")
        #expect(
            wire.flush(at: 4)
                == "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 2\r\n"
                + "X-Content-Type-Options: nosniff\r\nX-Request-Id: i\r\n\r\nhi")
        #expect(wire.state.deadline == 79 && wire.state.isIdle)
        let summary = ExchangeSummary(
            method: .get, status: 200, started: 1, receivedBytes: 0, sentBytes: 2, isWhole: true)
        #expect(wire.has(.retire(1, summary)))
    }

    @Test("However the input is cut, the same handlers start with the same bodies")
    func cuts() {
        let text =
            RawConnection.post("/a", "Content-Length: 5\r\n", "hello") + get
            + RawConnection.post("/b", "Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n")
        func run(_ sizes: () -> Int) -> [ConnectionAction] {
            let wire = Wire()
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let piece = rest.prefix(sizes())
                rest = rest.dropFirst(piece.count)
                wire.receive(String(decoding: piece, as: UTF8.self))
                for _ in 0..<3 {
                    for number in wire.started where wire.state.index(of: number) != nil {
                        if wire.has(.bodyEnd(number)) || number == 2 { wire.answer(number) }
                    }
                    _ = wire.flush()
                }
            }
            var bodies: [Int: [UInt8]] = [:]
            return wire.actions.filter {
                if case .body(let number, let bytes) = $0 {
                    bodies[number, default: []] += bytes
                    return false
                }
                return true
            } + bodies.sorted { $0.key < $1.key }.map { .body($0.key, $0.value) }
        }
        let whole = run { .max }
        #expect(whole.contains(.body(1, Array("hello".utf8))))
        #expect(whole.contains(.body(3, Array("hi".utf8))))
        #expect(run { 1 } == whole)
        var generator = SeededGenerator(state: 7)
        for _ in 0..<200 { #expect(run { Int.random(in: 1...40, using: &generator) } == whole) }
    }

    @Test("Sixteen requests are outstanding at most; an unsafe one waits for those before it")
    func pipelining() {
        let wire = Wire()
        wire.receive(String(repeating: get, count: 40))
        #expect(wire.started == Array(1...16))
        wire.answer(2)
        #expect(wire.state.output.isEmpty, "the first is not answered")
        wire.answer(1)
        _ = wire.flush()
        #expect(wire.started.count == 18)
        let mixed = Wire()
        mixed.receive(get + RawConnection.post("/", "Content-Length: 0\r\n") + get)
        #expect(mixed.started == [1])
        mixed.answer(1)
        #expect(mixed.started == [1, 2])
    }

    @Test("A header has ten seconds from accept; silence ends in silence")
    func headerDeadline() {
        let silent = Wire()
        silent.at(10) { $0.meetDeadline() }
        #expect(silent.actions == [.count(.headerSeconds), .close])
        let slow = Wire()
        for second in 1...9 { slow.receive(second == 1 ? "GET / " : "x", at: Double(second)) }
        slow.at(9.9) { $0.meetDeadline() }
        #expect(slow.actions.isEmpty)
        slow.at(10) { $0.meetDeadline() }
        #expect(slow.actions.first == .count(.headerSeconds))
        guard case .render(let number, let error)? = slow.actions.last else {
            Issue.record("nothing to render: \(slow.actions)")
            return
        }
        #expect(number == 1 && error.status.code == 408)
        slow.answer(1)
        #expect(slow.flush().contains("Connection: close\r\n"))
    }

    @Test("A body's time stands still while its handler has enough of it")
    func bodyDeadline() {
        let wire = Wire()
        wire.receive(RawConnection.post("/", "Content-Length: 100\r\n", "x"), at: 1)
        #expect(wire.state.deadline == 31)
        wire.at(5) { $0.pauseBody(1) }
        #expect(wire.state.deadline == nil && wire.state.phase == .open)
        wire.at(105) { $0.demandBody(1) }
        #expect(wire.state.deadline == 131, "the average is counted without the pause")
        wire.receive("y", at: 130)
        #expect(wire.state.deadline == 131, "two bytes in thirty seconds are too few")
        wire.at(131) { $0.meetDeadline() }
        #expect(wire.has(.count(.bodyBytesPerSecond)))
        #expect(wire.actions.contains { if case .bodyFailed(1, _) = $0 { true } else { false } })
    }

    @Test("After a last answer: FIN, then reading away for two seconds or a megabyte")
    func lingering() {
        for isFast in [false, true] {
            let wire = Wire()
            wire.receive(RawConnection.post("/", "Content-Length: 9000000\r\n", "x"))
            wire.answer(1, at: 1)
            #expect(wire.flush(at: 1).contains("Connection: close\r\n"))
            #expect(wire.actions.last == .finishSending)
            #expect(
                wire.state.isIdle && !wire.state.isQuiet, "it may give way, and drains its time")
            if isFast {
                for _ in 0..<16 { wire.receive(String(repeating: "x", count: 1 << 16), at: 1) }
                #expect(wire.actions.last == .finishSending)
                wire.receive("x", at: 1)
            } else {
                #expect(wire.state.deadline == 3)
                wire.at(3) { $0.meetDeadline() }
            }
            #expect(wire.actions.last == .close)
        }
    }

    @Test("A client that half-closes is answered; a handler that stays silent is interrupted once")
    func halfClose() {
        let wire = Wire()
        wire.receive(get)
        wire.at(5) { $0.noteHangUp() }
        #expect(wire.state.deadline == 6)
        wire.at(6) { $0.meetDeadline() }
        #expect(wire.actions.last == .interrupt(1))
        #expect(wire.state.deadline == nil)
        wire.at(7) { $0.endInput() }
        wire.answer(1, "late", at: 8)
        #expect(wire.flush(at: 8).hasSuffix("late"))
        _ = wire.flush(at: 8)
        #expect(wire.actions.last == .close)
    }

    @Test(
        "A live stream that falls behind loses its work and its connection",
        arguments: [(1, 1024, Rejection.outputEvents), (1000, 300, .outputBytes)])
    func live(bytes: Int, atMost: Int, reason: Rejection) {
        let wire = Wire()
        wire.receive(get)
        wire.at(0) { $0.answer(1, .make(Response(200, body: .live { _ in }))) }
        #expect(wire.has(.openStream(1)))
        var written = 0
        var outcome = ConnectionState.WriteOutcome.room
        while outcome == .room, written < 2000 {
            wire.at(0) { outcome = $0.write(1, [UInt8](repeating: 0x61, count: bytes)) }
            written += outcome == .room ? 1 : 0
        }
        #expect(outcome == .gone && written <= atMost && written > atMost / 2)
        #expect(wire.has(.count(reason)) && wire.has(.cancel(1)))
        #expect(wire.actions.last == .close)
    }

    @Test("A stream's writer waits for a full buffer, and a stalled client is cut off")
    func stream() {
        let wire = Wire { $0.outputBytesMax = 1000 }
        wire.receive(get)
        wire.at(0) { $0.answer(1, .make(Response(200, body: .stream { _ in }))) }
        wire.at(1) { state in
            #expect(state.write(1, [UInt8](repeating: 0x61, count: 2000)) == .full)
        }
        #expect(!wire.has(.resumeWriters(1)))
        wire.at(2) { $0.didSend($0.output.count - 400) }
        #expect(wire.has(.resumeWriters(1)))
        #expect(wire.state.deadline == 62)
        wire.at(62) { $0.meetDeadline() }
        #expect(wire.has(.count(.writeStallSeconds)) && wire.actions.last == .close)
        wire.at(63) { #expect($0.write(1, [1]) == .gone) }
    }

    @Test("Draining ends quiet connections at once and the others after their answer")
    func draining() {
        let quiet = Wire()
        quiet.at(1) { $0.drain() }
        #expect(quiet.actions == [.close])
        let busy = Wire()
        busy.receive(get)
        busy.at(1) { $0.drain() }
        #expect(!busy.has(.close))
        busy.answer(1)
        #expect(busy.flush().contains("Connection: close\r\n"))
        #expect(busy.actions.last == .finishSending)
        let flushing = Wire()
        flushing.receive(get)
        flushing.answer(1)
        flushing.at(1) { $0.drain() }
        #expect(!flushing.has(.close))
        _ = flushing.flush()
        #expect(flushing.actions.last == .close, "its answer said nothing of closing")
    }
}
