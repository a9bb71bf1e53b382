import Engine
import Testing
import Threads

@testable import Worker

@Suite struct RouteHubTests {
    typealias Place = PipelineSpec.Place

    private static func place(_ name: String) -> Place { Place(groupID: "g", name: name) }

    private static func events(_ count: Int) -> EventBatch.Content {
        .events(Array(repeating: Event(type: "E", timestamp: 0), count: count))
    }

    @Test func `what is for a pipeline that is away waits for it, in order`() {
        let hub = RouteHub()
        let sender = hub.enter(Self.place("a"), sendingTo: [Self.place("b")])
        let first = EventInbox(eventsMax: 10)
        #expect(hub.send(Self.events(1), receipt: nil, to: Self.place("b"), by: sender) == .sent)
        #expect(hub.send(Self.events(2), receipt: nil, to: Self.place("b"), by: sender) == .sent)
        hub.open(first, at: Self.place("b"))
        #expect(hub.send(Self.events(3), receipt: nil, to: Self.place("b"), by: sender) == .sent)
        #expect(first.next(atMost: nil)?.map(\.count) == [1, 2, 3])

        first.close()
        #expect(hub.send(Self.events(4), receipt: nil, to: Self.place("b"), by: sender) == .sent)
        hub.close(first, at: Self.place("b"))
        #expect(first.next(atMost: nil)?.isEmpty == true)
        let second = EventInbox(eventsMax: 10)
        hub.open(second, at: Self.place("b"))
        hub.close(first, at: Self.place("b"))
        #expect(hub.send(Self.events(5), receipt: nil, to: Self.place("b"), by: sender) == .sent)
        #expect(second.next(atMost: nil)?.map(\.count) == [4, 5])
    }

    @Test func `what a pipeline leaves behind that nobody has taken is lost, and its source is told`() {
        let hub = RouteHub()
        let sender = hub.enter(Self.place("a"), sendingTo: [Self.place("b")])
        let receipt = BatchReceipt()
        receipt.addShare()
        #expect(hub.send(Self.events(1), receipt: receipt, to: Self.place("b"), by: sender) == .sent)
        receipt.settle()
        hub.leave(sender)
        #expect(!receipt.wait())
        let late = BatchReceipt()
        late.addShare()
        #expect(hub.send(Self.events(1), receipt: late, to: Self.place("b"), by: sender) == .closed)
        late.settle()
        #expect(!late.wait())
    }

    @Test func `a full mailbox holds up its sender until there is room`() {
        let hub = RouteHub(eventsMax: 4)
        let sender = hub.enter(Self.place("a"), sendingTo: [Self.place("b")])
        let inbox = EventInbox(eventsMax: 10)
        hub.open(inbox, at: Self.place("b"))
        #expect(hub.send(Self.events(9), receipt: nil, to: Self.place("b"), by: sender) == .sent)
        let waiting = NamedThread(name: "sender") {
            _ = hub.send(Self.events(1), receipt: nil, to: Self.place("b"), by: sender)
        }
        #expect(!waiting.join(atMost: .milliseconds(50)))
        for batch in inbox.next(atMost: nil) ?? [] { batch.reply?(BatchResult()) }
        waiting.join()
        #expect(inbox.next(atMost: nil)?.map(\.count) == [1])

        let stopped = NamedThread(name: "sender") {
            #expect(hub.send(Self.events(4), receipt: nil, to: Self.place("b"), by: sender) == .closed)
        }
        hub.leave(sender)
        stopped.join()
    }

    @Test func `a mailbox is full of bytes as well`() {
        let hub = RouteHub(eventsMax: 1000, bytesMax: 1000)
        let a = hub.enter(Self.place("a"), sendingTo: [Self.place("b")])
        let b = hub.enter(Self.place("b"), sendingTo: [Self.place("a")])
        let inbox = EventInbox(eventsMax: 1000)
        hub.open(inbox, at: Self.place("b"))
        let large = EventBatch.Content.lines(100)
        #expect(hub.send(large, receipt: nil, to: Self.place("b"), by: a) == .sent)
        #expect(hub.send(.lines(1), receipt: nil, to: Self.place("b"), by: a) == .refused)
        for batch in inbox.next(atMost: nil) ?? [] { batch.reply?(BatchResult()) }
        #expect(hub.send(.lines(1), receipt: nil, to: Self.place("b"), by: a) == .sent)
        #expect(hub.send(.lines(1), receipt: nil, to: Self.place("a"), by: b) == .sent)
    }

    @Test func `where routes lead back nobody waits for a full mailbox`() {
        let hub = RouteHub(eventsMax: 4)
        let a = hub.enter(Self.place("a"), sendingTo: [Self.place("b#0"), Self.place("b#1")])
        let b = hub.enter(Self.place("b#1"), sendingTo: [Self.place("c")])
        let c = hub.enter(Self.place("c"), sendingTo: [Self.place("a")])
        for (sender, receiver) in [(a, "b#0"), (b, "c"), (c, "a")] {
            #expect(hub.send(Self.events(4), receipt: nil, to: Self.place(receiver), by: sender) == .sent)
            #expect(hub.send(Self.events(1), receipt: nil, to: Self.place(receiver), by: sender) == .refused)
        }
    }
}

@Suite struct RouteCreditTests {
    private static func batch(_ count: Int, _ receipt: BatchReceipt? = nil, isRouted: Bool = false) -> EventBatch {
        EventBatch(
            content: .events(Array(repeating: Event(type: "E", timestamp: 0), count: count)),
            receipt: receipt,
            isRouted: isRouted
        )
    }

    @Test func `what is new waits for what is under way, and what is routed for nothing`() throws {
        let inbox = EventInbox(eventsMax: 10, isCredited: true)
        let receipt = BatchReceipt()
        #expect(inbox.add(Self.batch(8, receipt)))
        #expect(inbox.add(Self.batch(2)))
        let taken = try #require(inbox.next(atMost: nil))
        #expect(taken.map(\.count) == [8, 2])
        #expect(inbox.add(Self.batch(3)))
        #expect(inbox.next(atMost: .milliseconds(1)) == nil)
        #expect(inbox.route(Self.batch(50, isRouted: true)))
        #expect(inbox.next(atMost: nil)?.map(\.count) == [50])
        // Half of what came of the first batch is still on its way.
        receipt.addShare()
        receipt.settle()
        #expect(inbox.next(atMost: .milliseconds(1)) == nil)
        receipt.settle()
        #expect(inbox.next(atMost: nil)?.map(\.count) == [3])
        #expect(receipt.wait())
    }

    @Test func `what is under way is bounded in bytes as well, and what is larger goes alone`() throws {
        let inbox = EventInbox(eventsMax: 1000, bytesMax: 1000, isCredited: true)
        let receipt = BatchReceipt()
        #expect(inbox.add(EventBatch(content: .lines(100), receipt: receipt)))
        #expect(inbox.next(atMost: nil)?.map(\.count) == [100])
        #expect(inbox.add(EventBatch(content: .lines(1))))
        #expect(inbox.next(atMost: .milliseconds(1)) == nil)
        receipt.settle()
        #expect(inbox.next(atMost: .seconds(20))?.map(\.count) == [1])
    }

    @Test func `at the end nothing is waited for, and what was under way is lost`() throws {
        let inbox = EventInbox(eventsMax: 10, isCredited: true)
        let receipt = BatchReceipt()
        #expect(inbox.add(Self.batch(10, receipt)))
        #expect(inbox.next(atMost: nil)?.map(\.count) == [10])
        #expect(inbox.add(Self.batch(4)))
        inbox.close()
        #expect(!inbox.route(Self.batch(1, isRouted: true)))
        #expect(inbox.next(atMost: .milliseconds(1)) == nil)
        inbox.abandonRoutes()
        #expect(!receipt.wait())
        #expect(inbox.next(atMost: nil)?.map(\.count) == [4])
        #expect(inbox.next(atMost: nil)?.isEmpty == true)
        // What comes back late changes nothing.
        receipt.settle()
        #expect(!receipt.wait())
    }

    @Test func `a pipeline that never runs loses what others sent it, and they are told`() {
        let inbox = EventInbox(eventsMax: 10)
        let receipt = BatchReceipt()
        #expect(inbox.route(Self.batch(1, receipt, isRouted: true)))
        inbox.dropAll()
        #expect(!receipt.wait())
        #expect(inbox.next(atMost: nil)?.isEmpty == true)
    }
}

extension EventBatch.Content {
    /// So many events as they come in text.
    fileprivate static func lines(_ count: Int) -> Self {
        let text = Array(String(repeating: "{\"event_type\":\"A\"}\n", count: count).utf8)
        return .payloads(EventPayloads(lines: text, arrival: 0), connector: nil)
    }
}
