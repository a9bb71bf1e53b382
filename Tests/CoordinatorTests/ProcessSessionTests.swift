import RaftSessions
import RaftTestSupport
import Synchronization
import Testing

@testable import Coordinator

@Suite("The session of a process")
struct ProcessSessionTests {
    /// Opens sessions 1, 2, … and counts them.
    private final class Log: Sendable {
        let opened = Mutex(UInt64(0))
        var count: UInt64 { self.opened.withLock { $0 } }

        func session() -> ProcessSession {
            ProcessSession { () async throws -> SessionID in
                SessionID(
                    self.opened.withLock { count in
                        count += 1
                        return count
                    }
                )
            }
        }
    }

    @Test("is opened when it is needed, once for all who wait")
    func openedOnce() async throws {
        let log = Log()
        let session = log.session()
        #expect(log.count == 0)
        let stamps = try await withThrowingTaskGroup(of: SessionStamp.self) { group in
            for _ in 0..<50 { group.addTask { try await session.ticket().stamp } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(log.count == 1)
        #expect(Set(stamps.map(\.sequence)) == Set(1...50))
        #expect(stamps.allSatisfy { $0.session == SessionID(1) && $0.lowest == 1 })
    }

    @Test("says of each request which answers are still waited for")
    func lowest() async throws {
        let session = Log().session()
        let first = try await session.ticket()
        let second = try await session.ticket()
        let third = try await session.ticket()
        #expect(third.stamp == SessionStamp(session: SessionID(1), sequence: 3, lowest: 1))
        second.close()
        #expect(third.stamp.lowest == 1)
        first.close()
        first.close()
        #expect(third.stamp.lowest == 3)
        third.close()
        #expect(try await session.ticket().stamp == SessionStamp(session: SessionID(1), sequence: 4, lowest: 4))
    }

    @Test("gives way to another when it is lost, but not to every request that finds it lost")
    func lost() async throws {
        let log = Log()
        let session = log.session()
        let first = try await session.ticket()
        let second = try await session.ticket()
        session.lost(first)
        let next = try await session.ticket()
        #expect(next.stamp == SessionStamp(session: SessionID(2), sequence: 1, lowest: 1))
        session.lost(second)
        #expect(try await session.ticket().stamp == SessionStamp(session: SessionID(2), sequence: 2, lowest: 1))
        #expect(log.count == 2)
    }

    @Test("gives way to another when a slow request keeps too many replies waiting")
    func slow() async throws {
        let log = Log()
        let session = log.session()
        let slow = try await session.ticket()
        for _ in 1..<ProcessSession.windowMax { try await session.ticket().close() }
        #expect(log.count == 1)
        let next = try await session.ticket()
        #expect(next.stamp.session == SessionID(2))
        // The slow one goes on where it began.
        #expect(slow.stamp == SessionStamp(session: SessionID(1), sequence: 1, lowest: 1))
    }

    private struct Refused: Error {}

    @Test("that can't be opened is asked for again by the next request")
    func refused() async throws {
        let isRefusing = Mutex(true)
        let session = ProcessSession { () async throws -> SessionID in
            if isRefusing.withLock({ $0 }) { throw Refused() }
            return SessionID(9)
        }
        await #expect(throws: Refused.self) { try await session.ticket() }
        isRefusing.withLock { $0 = false }
        #expect(try await session.ticket().stamp.session == SessionID(9))
    }
}
