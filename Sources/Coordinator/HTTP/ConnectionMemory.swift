internal import CHeap
import NIOCore
import Synchronization
import Threads

/// Gives memory back to the system when many connections have gone.
///
/// Each takes some twenty kilobytes, between what others keep. malloc holds on to such holes, so a member that has had
/// many callers once would stay as large as it was with them.
final class ConnectionMemory: Sendable {
    static let manyConnections = 64
    /// Those that go together are counted together.
    static let patience = TimeAmount.milliseconds(200)
    /// It is not done more often: with clients that connect anew for each request, connections go all the time.
    static let pause = TimeAmount.seconds(10)

    private let state = Mutex((gone: 0, isPlanned: false))
    private let giveBack: @Sendable () -> Void

    init(giveBack: @escaping @Sendable () -> Void = ConnectionMemory.trim) { self.giveBack = giveBack }

    /// A connection that lived on that loop has ended.
    func connectionEnded(on eventLoop: any EventLoop) {
        self.state.withLock { $0.gone += 1 }
        self.plan(on: eventLoop)
    }

    private func plan(on eventLoop: any EventLoop) {
        let isDue = self.state.withLock { state in
            if state.isPlanned || state.gone < Self.manyConnections { return false }
            state.isPlanned = true
            return true
        }
        guard isDue else { return }
        eventLoop.scheduleTask(in: Self.patience) {
            self.state.withLock { $0.gone = 0 }
            self.giveBack()
            eventLoop.scheduleTask(in: Self.pause) {
                self.state.withLock { $0.isPlanned = false }
                self.plan(on: eventLoop)
            }
        }
    }

    /// Takes milliseconds, and so a thread of its own.
    private static func trim() {
        _ = NamedThread(name: "trim-memory") { malloc_trim(0) }
    }
}
