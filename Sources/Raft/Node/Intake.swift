public import NIOCore
public import RaftCore
import Synchronization

/// Brings requests to a node's loop. Those that gather before the loop gets to them cost one wake-up together; there are
/// never more than callers that wait for their answers.
@usableFromInline
final class Intake: Sendable {
    private let eventLoop: any EventLoop
    private let loop: NIOLoopBound<NodeLoop>
    private let waiting = Mutex<[Request]>([])

    init(_ loop: NIOLoopBound<NodeLoop>, on eventLoop: any EventLoop) {
        self.loop = loop
        self.eventLoop = eventLoop
    }

    @usableFromInline
    func take(_ request: Request) {
        if self.eventLoop.inEventLoop { return self.loop.value.take(request) }
        let isFirst = self.waiting.withLock { waiting in
            waiting.append(request)
            return waiting.count == 1
        }
        guard isFirst else { return }
        self.eventLoop.execute {
            let requests = self.waiting.withLock { waiting in
                let requests = waiting
                waiting = []
                return requests
            }
            for request in requests { self.loop.value.take(request) }
        }
    }
}

/// What somebody on another thread, or on the node's loop, asks for.
@usableFromInline
enum Request: Sendable {
    case propose([UInt8], timeout: TimeAmount, Answer<Void, ProposalError>)
    case read(ReadMode, timeout: TimeAmount, Answer<Reach, ReadError>)
    /// A read that is content with everything up to an index.
    case readAtLeast(LogIndex, timeout: TimeAmount, Answer<Reach, ReadError>)
    case look(@Sendable (Reach) -> Void)
    case call(NodeID, ByteBuffer, timeout: TimeAmount, Answer<ByteBuffer, any Error>)
    case callLeader(NodeID, ByteBuffer, timeout: TimeAmount, Answer<ByteBuffer, any Error>)

    @usableFromInline typealias Answer<Value, Failure: Error> = @Sendable (Result<Value, Failure>) -> Void
}
