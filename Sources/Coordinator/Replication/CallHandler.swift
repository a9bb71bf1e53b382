import NIOCore
import RaftTransport
import Synchronization

/// Answers other members' calls. The node exists before what answers them does; calls that come earlier get nothing.
final class CallHandler: Sendable {
    private let handler = Mutex<(@Sendable (PeerCall) -> Void)?>(nil)

    func serve(_ handler: @escaping @Sendable (PeerCall) -> Void) {
        self.handler.withLock { $0 = handler }
    }

    func take(_ call: PeerCall) {
        guard let handler = self.handler.withLock({ $0 }) else { return call.answer(ByteBuffer()) }
        handler(call)
    }
}
