// A whole connection's state: input in pieces, answers, flushes and time, as the input chooses.
// Whatever happens, each started request ends once, and a closed connection stays closed.
@testable import HTTP

private func answer(_ response: Response) -> Answer {
    Answer(response: response, requestID: "i", date: [])
}

private struct Run: ~Copyable {
    var state = ConnectionState(SharedLimits(ServerLimits()), now: 0)
    var seconds = 0.0
    var open: Set<Int> = []
    var isClosed = false

    mutating func tell(_ event: (inout ConnectionState) -> Void) {
        state.advance(to: seconds)
        event(&state)
        while state.hasActions {
            var actions: [ConnectionAction] = []
            state.takeActions(into: &actions)
            for action in actions { take(action) }
        }
    }

    private mutating func take(_ action: ConnectionAction) {
        precondition(!isClosed, "nothing is asked after close")
        switch action {
        case .start(let number):
            precondition(state.takeHead(number) != nil, "a request that starts is there")
            precondition(open.insert(number).inserted, "a request starts once")
        case .render(let number, let error):
            precondition(open.insert(number).inserted, "a refusal is rendered once")
            state.answer(number, answer(Response(error.status.code)))
        case .retire(let number, _): open.remove(number)
        case .close: isClosed = true
        default: break
        }
    }

    mutating func flush() {
        guard state.wantsFlush else { return }
        tell {
            $0.didSend($0.output.count)
            $0.didFlush()
        }
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = UnsafeBufferPointer(start: start, count: count)
    var run = Run()
    var index = 0
    while index < count, !run.isClosed {
        let command = input[index]
        index += 1
        switch command & 7 {
        case 0...3:
            let end = min(count, index + 1 + Int(command >> 3) * 4)
            run.tell { $0.receive(UnsafeBufferPointer(rebasing: input[index..<end])) }
            index = end
        case 4: run.flush()
        case 5:
            guard let number = run.open.min() else { break }
            let body = [UInt8](repeating: command, count: Int(command >> 3))
            run.tell { $0.answer(number, answer(Response(200, body: .bytes(body)))) }
        case 6:
            run.seconds += Double(command >> 3)
            run.tell { $0.meetDeadline() }
        default: run.tell { command & 8 == 0 ? $0.endInput() : $0.noteHangUp() }
        }
        precondition(run.state.exchanges.count <= 17, "outstanding requests are bounded")
    }
    #if CANARY
        // The seed answers one request.
        if run.state.exchangesSeen > 1 { fatalError("canary: more than the seed's request") }
    #endif
    if !run.isClosed { run.tell { $0.close() } }
    precondition(run.open.isEmpty && run.isClosed, "every request has ended")
    return 0
}
