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

    private let gone = Atomic(0)
    private let giveBack: @Sendable () -> Void

    init(giveBack: @escaping @Sendable () -> Void = ConnectionMemory.trim) { self.giveBack = giveBack }

    /// A connection that lived on that loop has ended.
    func connectionEnded(on eventLoop: any EventLoop) {
        guard self.gone.add(1, ordering: .relaxed).newValue == Self.manyConnections else { return }
        eventLoop.scheduleTask(in: Self.patience) {
            self.gone.store(0, ordering: .relaxed)
            self.giveBack()
        }
    }

    /// Takes milliseconds, and so a thread of its own.
    private static func trim() {
        _ = NamedThread(name: "trim-memory") { malloc_trim(0) }
    }
}
