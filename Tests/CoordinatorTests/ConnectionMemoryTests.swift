import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Coordinator

@Suite("Memory of connections that have gone")
struct ConnectionMemoryTests {
    @Test("is given back once for many that go together, and again for the next many")
    func many() {
        let loop = EmbeddedEventLoop()
        let times = Mutex(0)
        let memory = ConnectionMemory { times.withLock { $0 += 1 } }
        for round in 1...3 {
            for _ in 1..<ConnectionMemory.manyConnections { memory.connectionEnded(on: loop) }
            loop.advanceTime(by: ConnectionMemory.patience)
            #expect(times.withLock { $0 } == round - 1)
            for _ in 0..<ConnectionMemory.manyConnections { memory.connectionEnded(on: loop) }
            loop.advanceTime(by: ConnectionMemory.patience)
            #expect(times.withLock { $0 } == round)
        }
    }

    @Test("giving it back does no harm")
    func real() {
        let loop = EmbeddedEventLoop()
        let memory = ConnectionMemory()
        for _ in 0..<ConnectionMemory.manyConnections { memory.connectionEnded(on: loop) }
        loop.advanceTime(by: ConnectionMemory.patience)
    }
}
