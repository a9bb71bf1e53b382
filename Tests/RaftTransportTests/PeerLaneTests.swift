import Dispatch
import NIOCore
import NIOPosix
import RaftCore
import RaftTestSupport
import Synchronization
import Testing

@testable import RaftTransport

@Suite("What is large, and what is late")
struct PeerLaneTests {
    private static func append(_ round: UInt64) -> Message {
        .append(AppendRequest(term: Term(1), previous: .zero, entries: [], commit: .zero, round: round))
    }

    /// The second member sends on the connections that the first one dialed, and its side of them is slow.
    private static func slowPair(
        bytesPerSecond: Int,
        answering: @escaping TestMember.Answering = { _, body in body }
    ) async throws -> Pair {
        let pair = try await Pair(answering: answering)
        pair.listener.bytesPerSecond = bytesPerSecond
        try await pair.acceptor.update([:])
        #expect(try await pair.connect())
        #expect(await eventually { !pair.acceptor.met.isEmpty })
        return pair
    }

    @Test("a large answer, or a chunk, is not in front of a heartbeat")
    func lanes() async throws {
        let isAnswered = Mutex(false)
        let pair = try await Self.slowPair(
            bytesPerSecond: 256 << 10,
            answering: { _, _ in
                isAnswered.withLock { $0 = true }
                return ByteBuffer(repeating: 7, count: 1 << 20)
            }
        )
        async let answer = pair.dialer.call(2, ByteBuffer())
        #expect(await eventually { isAnswered.withLock { $0 } })
        let hasAnswer = Mutex(false)
        async let order: Bool = {
            for round in 1...10 { try await pair.acceptor.send([Self.append(UInt64(round))], to: 1) }
            let isHere = await eventually { pair.dialer.received.count == 10 }
            return isHere && !hasAnswer.withLock { $0 }
        }()
        #expect(try await answer.readableBytes == 1 << 20)
        hasAnswer.withLock { $0 = true }
        #expect(try await order)
        await pair.close()
    }

    @Test("chunks of snapshots come over a lane that is dialed when they are wanted, and closed when they are not")
    func chunks() async throws {
        let id = Snapshot.ID(
            position: LogPosition(index: LogIndex(7), term: Term(2)),
            digest: [UInt8](repeating: 9, count: Snapshot.digestBytes)
        )
        let chunk = [UInt8](repeating: 5, count: Snapshot.chunkBytes)
        let pair = try await Pair(chunks: { number, snapshot in number == 3 && snapshot == id ? chunk : nil })
        #expect(try await pair.connect())
        await #expect(throws: CallError.notConnected) { try await pair.dialer.chunk(3, of: id, from: 2) }
        #expect(
            await eventually {
                do { return try await pair.dialer.chunk(3, of: id, from: 2) == chunk } catch { return false }
            }
        )
        #expect(pair.listener.acceptedCount == 3)
        #expect(try await pair.dialer.chunk(4, of: id, from: 2) == nil)
        try await pair.dialer.closeSnapshotLanes()
        #expect(await eventually { pair.listener.openCount == 2 })
        await pair.close()
    }

    @Test("what an older connection still brings is dropped once a newer one has taken its place")
    func epochs() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pair = try await Pair(acceptorLoop: group.next())
        #expect(try await pair.connect())
        #expect(await eventually { !pair.acceptor.met.isEmpty })
        let reads = Mutex(0)
        for channel in pair.listener.connections {
            try await channel.eventLoop.submit {
                try channel.pipeline.syncOperations.addHandler(
                    ReadCounter { reads.withLock { $0 += 1 } },
                    position: .first
                )
            }.get()
        }
        // While the acceptor's own loop stands still, a newer connection comes in, and then a message on the older one.
        let gate = DispatchSemaphore(value: 0)
        pair.acceptor.transport.eventLoop.execute { gate.wait() }
        let newer = TestMember(1, of: [NodeID(2): pair.listener.address])
        try await newer.start()
        #expect(try await eventually { try await newer.isConnected(to: 2) })
        let before = reads.withLock { $0 }
        try await pair.dialer.send([Self.append(1)], to: 2)
        #expect(await eventually { reads.withLock { $0 } > before })
        gate.signal()
        #expect(
            try await eventually {
                try await newer.send([Self.append(2)], to: 2)
                return pair.acceptor.received.contains { $0.message == Self.append(2) }
            }
        )
        #expect(!pair.acceptor.received.contains { $0.message == Self.append(1) })
        newer.transport.close()
        await pair.close()
        try await group.shutdownGracefully()
    }
}

/// Counts turns of reading that are done, all handlers behind included.
private final class ReadCounter: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let done: @Sendable () -> Void

    init(_ done: @escaping @Sendable () -> Void) { self.done = done }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        self.done()
    }
}
