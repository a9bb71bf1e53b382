import Engine
import Testing
import Threads

@testable import Worker

@Suite struct EventInboxTests {
    private static func batch(_ count: Int) -> EventBatch {
        EventBatch(content: .events(Array(repeating: Event(type: "E", timestamp: 0), count: count)))
    }

    @Test func `what does not fit is refused or waits, and a large batch passes alone`() async {
        let inbox = EventInbox(eventsMax: 10)
        #expect(await inbox.add(Self.batch(6), within: .zero) == .taken)
        #expect(await inbox.add(Self.batch(5), within: .zero) == .full)
        #expect(await inbox.add(Self.batch(4), within: .zero) == .taken)
        let waiting = NamedThread(name: "waiting") { _ = inbox.add(Self.batch(100)) }
        #expect(inbox.next(atMost: nil)?.map(\.count) == [6, 4])
        waiting.join()
        #expect(inbox.next(atMost: nil)?.map(\.count) == [100])
    }

    @Test func `a closed inbox gives what it holds, and takes nothing more`() async {
        let inbox = EventInbox(eventsMax: 10)
        #expect(inbox.add(Self.batch(10)))
        let refused = Monitor(false)
        let waiting = NamedThread(name: "waiting") {
            let isTaken = inbox.add(Self.batch(1))
            refused.withLock { $0 = !isTaken }
        }
        inbox.close()
        waiting.join()
        #expect(refused.withLock { $0 })
        #expect(await inbox.add(Self.batch(1), within: .zero) == .closed)
        #expect(inbox.next(atMost: nil)?.map(\.count) == [10])
        #expect(inbox.next(atMost: nil)?.isEmpty == true)
        #expect(EventInbox(eventsMax: 1).next(atMost: .milliseconds(1)) == nil)
    }
}

@Suite struct BatchReceiptTests {
    @Test func `it is given when all shares are back, and tells of a loss`() {
        for isLost in [false, true] {
            let receipt = BatchReceipt()
            receipt.addShare()
            receipt.addShare()
            receipt.settle()
            let later = NamedThread(name: "later") {
                receipt.settle(isLost: isLost)
                receipt.settle()
            }
            #expect(receipt.wait() == !isLost)
            later.join()
        }
    }
}

@Suite struct PromiseTests {
    @Test func `everyone who waits gets the first value`() async {
        let promise = Promise<Int>()
        async let one = promise.value(within: .seconds(20))
        async let other = promise.value()
        promise.fulfil(1)
        promise.fulfil(2)
        #expect(await [one, other] == [1, 1])
        #expect(await promise.value() == 1)
    }

    @Test func `waiting ends when the time is up or the task is cancelled`() async {
        let promise = Promise<Int>()
        #expect(await promise.value(within: .milliseconds(10)) == nil)
        let waiting = Task { await promise.value() }
        waiting.cancel()
        #expect(await waiting.value == nil)
        promise.fulfil(3)
        #expect(await promise.value(within: .seconds(20)) == 3)
    }
}
