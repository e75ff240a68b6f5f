import Testing

@testable import Worker

@Suite struct InboxTests {
    @Test("Taking the first message leaves those behind it for the next reader")
    func first() {
        let inbox = Inbox<Int>()
        for message in 1...3 { inbox.post(message) }
        #expect(inbox.takeFirst() == 1)
        #expect(inbox.take(waiting: true) == [2, 3])
        #expect(inbox.take(waiting: false) == [])
    }
}
