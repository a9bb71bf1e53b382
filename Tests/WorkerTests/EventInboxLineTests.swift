import Engine
import Testing

@testable import Worker

@Suite struct EventInboxLineTests {
    private static func batch(_ count: Int) -> EventBatch {
        EventBatch(content: .events(Array(repeating: Event(type: "E", timestamp: 0, fields: Fields()), count: count)))
    }

    @Test func `requests wait for room in the order in which they came`() async {
        let inbox = EventInbox(eventsMax: 10)
        #expect(await inbox.add(Self.batch(10), within: .zero) == .taken)
        #expect(await inbox.add(Self.batch(1), within: .zero) == .full)
        async let large = inbox.add(Self.batch(8), within: .seconds(20))
        while inbox.lineLength < 1 { await Task.yield() }
        // It would have room before the larger one, and does not overtake it.
        async let small = inbox.add(Self.batch(3), within: .seconds(20))
        while inbox.lineLength < 2 { await Task.yield() }
        #expect(inbox.next(atMost: .zero)?.map(\.count) == [10])
        #expect(await large == .taken)
        #expect(inbox.lineLength == 1)
        #expect(inbox.next(atMost: .zero)?.map(\.count) == [8])
        #expect(await small == .taken)
        #expect(inbox.eventCount == 3)
    }

    @Test func `those behind one that waited too long get the room that it did not find`() async {
        let inbox = EventInbox(eventsMax: 10)
        #expect(await inbox.add(Self.batch(6), within: .zero) == .taken)
        async let large = inbox.add(Self.batch(8), within: .seconds(1))
        let deadline = ContinuousClock.now + .seconds(1)
        while inbox.lineLength < 1, .now < deadline { await Task.yield() }
        async let small = inbox.add(Self.batch(4), within: .seconds(20))
        #expect(await large == .full)
        #expect(await small == .taken)
        #expect(inbox.eventCount == 10)
    }

    @Test func `those that wait are told when the pipeline stops`() async {
        let inbox = EventInbox(eventsMax: 1)
        #expect(await inbox.add(Self.batch(1), within: .zero) == .taken)
        async let late = inbox.add(Self.batch(1), within: .seconds(20))
        while inbox.lineLength < 1 { await Task.yield() }
        inbox.close()
        #expect(await late == .closed)
        #expect(await inbox.add(Self.batch(1), within: .seconds(20)) == .closed)
        #expect(inbox.next(atMost: nil)?.count == 1)
        #expect(inbox.next(atMost: nil)?.isEmpty ?? false)
    }

    @Test func `a source that waits on its thread finds room beside a line of requests`() async {
        let inbox = EventInbox(eventsMax: 10)
        #expect(await inbox.add(Self.batch(10), within: .zero) == .taken)
        async let source = onThread { inbox.add(Self.batch(5)) }
        while inbox.waitingThreads < 1 { await Task.yield() }
        let line = Task {
            // Ends before the test does: `value` waits for it.
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { _ = await inbox.add(Self.batch(5), within: .seconds(20)) } }
            }
        }
        while inbox.lineLength < 20 { await Task.yield() }
        #expect(inbox.next(atMost: .zero)?.count == 1)
        #expect(await source)
        for _ in 0..<40 where inbox.lineLength > 0 { _ = inbox.next(atMost: .zero) }
        #expect(inbox.lineLength == 0)
        await line.value
    }

    @Test func `bytes are bounded as well`() async {
        let inbox = EventInbox(eventsMax: 1000, bytesMax: 1000)
        func lines(_ count: Int) -> EventBatch {
            let text = Array(String(repeating: "{\"event_type\":\"A\"}\n", count: count).utf8)
            return EventBatch(content: .payloads(EventPayloads(lines: text, arrival: 0), connector: nil))
        }
        #expect(await inbox.add(lines(100), within: .zero) == .taken)
        #expect(await inbox.add(lines(1), within: .zero) == .full)
        #expect(inbox.next(atMost: .zero)?.first?.count == 100)
        #expect(await inbox.add(lines(1), within: .zero) == .taken)
    }
}
