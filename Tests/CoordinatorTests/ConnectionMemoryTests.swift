import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Coordinator

@Suite("Memory of connections that have gone")
struct ConnectionMemoryTests {
    private static func end(_ count: Int, _ memory: ConnectionMemory, _ loop: EmbeddedEventLoop) {
        for _ in 0..<count { memory.connectionEnded(on: loop) }
        loop.advanceTime(by: ConnectionMemory.patience)
    }

    @Test("is given back once for many that go together, and not again before some time has passed")
    func many() {
        let loop = EmbeddedEventLoop()
        let times = Mutex(0)
        let memory = ConnectionMemory { times.withLock { $0 += 1 } }
        Self.end(ConnectionMemory.manyConnections - 1, memory, loop)
        #expect(times.withLock { $0 } == 0)
        Self.end(100, memory, loop)
        #expect(times.withLock { $0 } == 1)
        // What goes meanwhile waits, and counts.
        Self.end(1_000, memory, loop)
        #expect(times.withLock { $0 } == 1)
        loop.advanceTime(by: ConnectionMemory.pause)
        loop.advanceTime(by: ConnectionMemory.patience)
        #expect(times.withLock { $0 } == 2)
        loop.advanceTime(by: ConnectionMemory.pause)
        Self.end(ConnectionMemory.manyConnections - 1, memory, loop)
        #expect(times.withLock { $0 } == 2)
        Self.end(1, memory, loop)
        #expect(times.withLock { $0 } == 3)
    }

    @Test("giving it back does no harm")
    func real() {
        let loop = EmbeddedEventLoop()
        let memory = ConnectionMemory()
        for _ in 0..<ConnectionMemory.manyConnections { memory.connectionEnded(on: loop) }
        loop.advanceTime(by: ConnectionMemory.patience)
    }
}
