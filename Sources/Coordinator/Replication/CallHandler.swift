import NIOCore
import RaftTransport
import Synchronization

/// Answers other members' calls. The node exists before what answers them does; calls that come earlier get nothing.
final class CallHandler: Sendable {
    /// A struct around the closure: a bare one that goes through the lock's generic `inout` comes back wrapped once
    /// more each time, so that every call would cost more than the one before.
    private struct Handler: Sendable {
        let take: @Sendable (PeerCall) -> Void
    }

    private let handler = Mutex<Handler?>(nil)

    func serve(_ take: @escaping @Sendable (PeerCall) -> Void) {
        self.handler.withLock { $0 = Handler(take: take) }
    }

    func take(_ call: PeerCall) {
        guard let handler = self.handler.withLock({ $0 }) else { return call.answer(ByteBuffer()) }
        handler.take(call)
    }
}
