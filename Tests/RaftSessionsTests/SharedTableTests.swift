import Synchronization
import Testing

@testable import RaftSessions

@Suite("Tables that other threads hold copies of")
struct SharedTableTests {
    private final class Shared: Sendable {
        /// For whoever takes it first.
        let table = Mutex<SessionTable?>(nil)
        let isOver = Atomic(false)
    }

    @Test("a table is changed while others look at it as it was and let go of it, and nothing breaks")
    func copies() async {
        let shared = Shared()
        let looking = (0..<2).map { _ in
            // Ended by `isOver` and awaited below.
            Task.detached {
                var seen = 0
                while !shared.isOver.load(ordering: .relaxed) {
                    guard let copy = shared.table.withLock({ $0.take() }) else { continue }
                    seen = max(seen, copy.sessionCount)
                }
                return seen
            }
        }
        var table = SessionTable()
        let session = table.open(at: 1)
        for number in 1...UInt64(30_000) {
            let key = Digest128(high: number &* 0x9E37_79B9_7F4A_7C15, low: 1)
            let named = KeyStamp(key: key, fingerprint: Digest128(high: 9, low: 1))
            let stamp = SessionStamp(session: session, sequence: number, lowest: max(number, 1_000) - 999)
            for token in [
                CommandToken(.key(named)), CommandToken(.key(named), part: 1), CommandToken(.session(stamp)),
            ] {
                shared.table.withLock { $0 = table }
                if table.admit(token) != .apply { Issue.record("\(token) is not to be applied") }
                shared.table.withLock { $0 = table }
                table.keep([1], to: token)
            }
        }
        shared.isOver.store(true, ordering: .relaxed)
        for task in looking { #expect(await task.value <= 1) }
    }
}
