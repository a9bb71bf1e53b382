import Engine
import Foundation
import Synchronization
import Testing
import Threads
import VPL

@testable import EngineThreads

/// Full queues, barriers, failures, and the end of threads.
@Suite("Hand-over between contexts")
struct HandOverTests {
    private static let slow = """
        context First
        context Second
        fn slow(n: int) -> int:
            var sum = 0
            for i in n:
                sum := sum + i
            return sum
        stream S = A.context(First).emit(v: v)
        stream T = S.context(Second).emit(v: v, s: slow(2000))
        """

    private static func events(_ count: Int) -> [Event] {
        (0..<count).map { number in
            var fields = Fields()
            fields["v"] = .int(Int64(number))
            return Event(type: "A", timestamp: Int64(number), fields: fields)
        }
    }

    @Test("a full queue makes its producer wait, and counts it")
    func fullQueue() {
        let queue = HandOverQueue<Int>(bound: 10)
        #expect(queue.put(1, events: 6))
        #expect(queue.put(2, events: 4))
        let isPut = Monitor(false)
        let producer = NamedThread(name: "producer") {
            let isTaken = queue.put(3, events: 1)
            isPut.change { $0 = isTaken }
        }
        #expect(isPut.wait(atMost: .milliseconds(20)) { $0 ? true : nil } == nil)
        #expect(queue.take() == 1)
        producer.join()
        #expect(isPut.withLock { $0 })
        #expect(queue.take() == 2)
        #expect(queue.take() == 3)
        // Alone it may be larger than the bound; one without events takes room as well.
        #expect(queue.put(4, events: 100))
        let counts = queue.counts
        #expect(counts.events == 111)
        #expect(counts.messages == 4)
        #expect(counts.waits == 1)
        #expect(counts.waited >= .milliseconds(10))
        #expect(counts.mostEvents == 100)
        queue.close()
        #expect(queue.take() == nil)
        #expect(!queue.put(5, events: 1))
    }

    @Test("a slow context slows down those before it, and nothing is lost")
    func slowContext() throws {
        let plan = try Run.plan(Self.slow)
        let contexts = ThreadedContexts(plan, .events, queueEvents: 8)
        var sums: [String: [Int64]] = [:]
        func take(_ outputs: ContextOutputs) {
            for event in outputs.outputs.emitted {
                if case .int(let v) = event.fields["v"] { sums[event.type, default: []].append(v) }
            }
        }
        try contexts.process(Self.events(200), output: take)
        try contexts.finish(output: take)
        #expect(sums["S"] == Array(0..<200))
        #expect(sums["T"] == Array(0..<200))
        let handOver = try #require(contexts.handOvers.first)
        #expect(handOver.events == 200)
        #expect(handOver.waits > 0)
        #expect(handOver.waited > .zero)
        #expect(handOver.mostEvents <= 8)
        #expect(contexts.inputs.allSatisfy { $0.mostEvents <= 8 })
        #expect(contexts.counters.processed == 200)
        #expect(contexts.counters.emitted == 400)
    }

    @Test("a barrier comes to each context after all events before it and before all after it")
    func barrier() throws {
        let plan = try Run.plan(
            """
            context One
            context Two
            stream S = A.context(One).emit(v: v)
            stream T = merge(S, A).context(Two).emit(v: v)
            stream U = merge(S, T).emit(v: v)
            """
        )
        let contexts = ThreadedContexts(plan, .events, queueEvents: 6)
        let seen = Mutex<[[String: UInt64]]>([])
        for round in 1...5 {
            try contexts.process(Self.events(10)) { _ in }
            let counts = Mutex<[String: UInt64]>([:])
            try contexts.barrier { part in
                counts.withLock { $0[part.name] = part.counters.emitted }
                part.withPipeline(
                    events: { pipeline in #expect(pipeline.counters.emitted == part.counters.emitted) },
                    columns: { pipeline in #expect(pipeline.counters.emitted == part.counters.emitted) }
                )
            } output: { _ in
            }
            seen.withLock { $0.append(counts.withLock { $0 }) }
            let events = UInt64(10 * round)
            #expect(seen.withLock { $0.last } == ["One": events, "Two": 2 * events, "default": 3 * events])
        }
        try contexts.finish { _ in }
    }

    private struct Trouble: Error, CustomStringConvertible {
        let description = "the disk is full"
    }

    @Test("a failure in one context ends the run with what it was", arguments: ["First", "Second"])
    func failure(context: String) throws {
        let contexts = ThreadedContexts(try Run.plan(Self.slow), .events, queueEvents: 8)
        try contexts.process(Self.events(50)) { _ in }
        let error = #expect(throws: ContextFailure.self) {
            try contexts.barrier {
                if $0.name == context { throw Trouble() }
            } output: { _ in
            }
        }
        #expect(error.map { "\($0)" } == "context \(context): the disk is full")
    }

    @Test("whoever takes the outputs may fail, and threads end with full queues")
    func failingOutput() throws {
        let contexts = ThreadedContexts(try Run.plan(Self.slow), .events, queueEvents: 8)
        #expect(throws: Trouble.self) {
            try contexts.process(Self.events(5000)) { _ in throw Trouble() }
        }
    }

    @Test("contexts that nobody finishes end with full queues, and their threads with them")
    func abandoned() throws {
        for _ in 0..<20 {
            let contexts = ThreadedContexts(try Run.plan(Self.slow), .events, queueEvents: 8)
            try contexts.process(Self.events(40)) { _ in }
        }
        // The system takes a moment to forget a thread that has come to its end.
        for _ in 0..<100 where try !Self.threads(named: "ctx Second").isEmpty { usleep(20_000) }
        #expect(try Self.threads(named: "ctx Second").isEmpty)
    }

    /// The `status` of threads of this process with that name.
    private static func threads(named name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").compactMap { thread in
            let status = try? String(contentsOfFile: "/proc/self/task/\(thread)/status", encoding: .utf8)
            return status.flatMap { $0.hasPrefix("Name:\t\(name)\n") ? $0 : nil }
        }
    }

    @Test("a thread runs on the first core of its context, if that is there")
    func pinning() throws {
        let plan = try Run.plan(
            """
            context Pinned (cores: [0, 1])
            context Nowhere (cores: [1000])
            stream S = A.context(Pinned).emit(v: v)
            stream T = A.context(Nowhere).emit(v: v)
            stream U = A.emit(v: v)
            """
        )
        let allowed = ThreadAffinity.cores
        let contexts = ThreadedContexts(plan, .events)
        #expect(contexts.graph.contexts.map(\.name) == ["default", "Pinned", "Nowhere"])
        guard allowed.contains(0) else {
            // Core 0 is not for this process.
            #expect(contexts.warnings.count == 2)
            return
        }
        #expect(contexts.cores == [allowed, [0], allowed])
        let threads = try Self.threads(named: "ctx Pinned")
        let status = try #require(threads.first)
        #expect(status.contains("Cpus_allowed_list:\t0\n"))
        #expect(contexts.warnings == ["context Nowhere runs on any core: there is no core 1000 for it"])
        try contexts.finish { _ in }
    }
}
