import Glibc
import Spec
import Testing
import WorkerProtocol

@Suite struct MessageTests {
    @Test("Logits that are not finite cross the border")
    func nonFinite() throws {
        let result = ClassifyResult(
            labels: ["a", "b", "c"], logits: [[.infinity, -.infinity, 1.25]], promptTokens: 3)
        let frame = try MessageCoding.frame(WorkerReply.classified(id: 4, result))
        let back = try MessageCoding.decode(WorkerReply.self, from: frame[Frame.headerBytes...])
        guard case .classified(4, let got) = back else {
            Issue.record("another message")
            return
        }
        #expect(got == result)
    }

    @Test("A payload that is no message names its size, not its bytes")
    func garbage() {
        let error = #expect(throws: ProtocolError.self) {
            try MessageCoding.decode(WorkerReply.self, from: Array("secret".utf8)[...])
        }
        #expect(error?.code == "bad_message")
        #expect(error?.message.contains("secret") == false)
    }

    @Test("Messages sent by several threads arrive whole, then the end of the stream")
    func channel() throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let worker = Channel<WorkerRequest, WorkerReply>(descriptor: ends[0])
        let server = Channel<WorkerReply, WorkerRequest>(descriptor: ends[1])
        let text = String(repeating: "x", count: 100_000)
        for sender in 0..<4 {
            try OwnThread.start("sender") {
                for index in 0..<5 {
                    let delta = GenerateDelta(choice: index, text: text, tokens: 1)
                    try? worker.send(.delta(id: sender, delta))
                }
            }
        }
        var seen = [Int](repeating: 0, count: 4)
        for _ in 0..<20 {
            guard case .delta(let sender, let delta) = try server.receive() else {
                Issue.record("not a delta")
                return
            }
            #expect(delta.choice == seen[sender], "one thread's messages keep their order")
            #expect(delta.text == text)
            seen[sender] += 1
        }
        close(ends[0])
        #expect(try server.receive() == nil)
        close(ends[1])
    }
}
