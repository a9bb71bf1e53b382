import ClusterState
import RaftTestSupport
import Synchronization
import Testing

@testable import Coordinator

@Suite("Calls to workers")
struct WorkerCallsTests {
    private static func call(_ number: UInt64, _ run: @escaping @Sendable () async -> Void) -> WorkerCalls.Call {
        WorkerCalls.Call(target: .stop(pipelineID: "p", Epoch(number)), run: run)
    }

    @Test("calls to a worker are made in order, each once, by no more tasks than allowed")
    func order() async {
        let calls = WorkerCalls()
        let made = Mutex<[UInt64]>([])
        var runners = 0
        for number in UInt64(0)..<20 {
            if calls.add(Self.call(number) { made.withLock { $0.append(number) } }, to: "w") { runners += 1 }
        }
        #expect(runners == WorkerCalls.concurrency)
        await calls.run("w")
        #expect(made.withLock { $0 } == Array(0..<20))
    }

    @Test("a call that waits or is under way is not queued again, and one that is over may be")
    func repeats() async {
        let calls = WorkerCalls()
        let count = Mutex(0)
        #expect(calls.add(Self.call(1) { count.withLock { $0 += 1 } }, to: "w"))
        #expect(!calls.add(Self.call(1) { count.withLock { $0 += 1 } }, to: "w"))
        await calls.run("w")
        #expect(count.withLock { $0 } == 1)
        #expect(calls.add(Self.call(1) { count.withLock { $0 += 1 } }, to: "w"))
        await calls.run("w")
        #expect(count.withLock { $0 } == 2)
    }

    @Test("a worker that hangs does not hold up another one")
    func lanes() async {
        let calls = WorkerCalls()
        let gate = AsyncStream<Void>.makeStream()
        let isDone = Mutex(false)
        #expect(calls.add(Self.call(1) { for await _ in gate.stream { break } }, to: "hung"))
        #expect(calls.add(Self.call(1) { isDone.withLock { $0 = true } }, to: "other"))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await calls.run("hung") }
            group.addTask { await calls.run("other") }
            #expect(await eventually { isDone.withLock { $0 } })
            gate.continuation.finish()
        }
    }
}
