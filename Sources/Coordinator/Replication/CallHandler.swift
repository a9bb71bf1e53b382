import NIOCore
import RaftCore
import Synchronization

/// Answers other members' calls. The node exists before what answers them does; calls that come earlier get nothing.
final class CallHandler: Sendable {
    private let handler = Mutex<(@Sendable (ByteBuffer) async -> ByteBuffer)?>(nil)

    func serve(_ handler: @escaping @Sendable (ByteBuffer) async -> ByteBuffer) {
        self.handler.withLock { $0 = handler }
    }

    func answer(_ body: ByteBuffer, from member: NodeID) async -> ByteBuffer {
        guard let handler = self.handler.withLock({ $0 }) else { return ByteBuffer() }
        return await handler(body)
    }
}
