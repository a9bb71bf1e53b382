import NIOCore
import NIOEmbedded
import RaftCore
import Testing

@testable import RaftTransport

@Suite("How long a connection may be silent")
struct PeerSilenceTests {
    /// The accepting side of a connection whose handshake is done, on a clock that goes when it is told to.
    private final class Accepted {
        let channel = EmbeddedChannel()
        private(set) var messages: [Envelope] = []
        private(set) var endings = 0

        init() throws {
            let intake = FrameDecoder.Intake()
            let handshake = Handshake(acceptingAs: Self.identity(2), nonce: Self.nonce(2), admission: Self.admit)
            let handler = PeerHandler(
                handshake,
                own: NodeID(2),
                intake: intake,
                patience: PeerHandler.Patience(),
                events: PeerHandler.Events(
                    ready: { _ in },
                    messages: { [unowned self] in self.messages += $0 },
                    call: { _, call in call.answer(ByteBuffer()) },
                    closed: { [unowned self] _ in self.endings += 1 }
                )
            )
            try self.channel.pipeline.syncOperations.addHandlers([
                ByteToMessageHandler(FrameDecoder(intake: intake)), handler,
            ])
            try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            try self.shakeHands()
        }

        private static func identity(_ node: UInt32) -> PeerIdentity {
            PeerIdentity(
                cluster: ClusterID(high: 1, low: 2),
                node: NodeID(node),
                incarnation: Incarnation(1),
                key: []
            )
        }

        private static func nonce(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 32) }
        private static func admit(_ member: NodeID, _ incarnation: Incarnation) -> Admission { .welcome }

        private func shakeHands() throws {
            var dialer = Handshake(
                dialing: NodeID(2),
                .consensus,
                as: Self.identity(1),
                nonce: Self.nonce(1),
                admission: Self.admit
            )
            try self.channel.writeInbound(Self.framed(try #require(dialer.opening)))
            guard case .send(let proof) = try dialer.received(try self.nextFrame()) else { return }
            try self.channel.writeInbound(Self.framed(proof))
            guard case .done = try dialer.received(try self.nextFrame()) else { return }
        }

        private static func framed(_ bytes: [UInt8]) -> ByteBuffer {
            var out = ByteBuffer()
            FrameDecoder.write(into: &out) { $0.writeBytes(bytes) }
            return out
        }

        private func nextFrame() throws -> ByteBuffer {
            var frame = try #require(try self.channel.readOutbound(as: ByteBuffer.self))
            frame.moveReaderIndex(forwardBy: FrameDecoder.headerBytes)
            return frame
        }

        /// Lets a second go by.
        func wait() { self.channel.embeddedEventLoop.advanceTime(by: .seconds(1)) }
    }

    private static func append(bytes: Int) -> Message {
        let position = LogPosition(index: LogIndex(1), term: Term(1))
        let entry = Entry(
            position: position,
            time: .zero,
            kind: .command,
            payload: [UInt8](repeating: 7, count: bytes)
        )
        return .append(AppendRequest(term: Term(1), previous: .zero, entries: [entry], commit: .zero, round: 1))
    }

    @Test("a frame that takes a minute to arrive does arrive, as long as something comes")
    func slow() throws {
        let accepted = try Accepted()
        let message = Self.append(bytes: 1 << 20)
        var frame = ByteBuffer()
        FrameDecoder.write(into: &frame) { Frame.message(message).encode(into: &$0) }
        let piece = frame.readableBytes / 60 + 1
        while frame.readableBytes > 0 {
            try accepted.channel.writeInbound(frame.readSlice(length: min(piece, frame.readableBytes)))
            accepted.wait()
            #expect(accepted.endings == 0)
        }
        #expect(accepted.messages.map(\.message) == [message])
        _ = try accepted.channel.finish()
    }

    @Test("a connection on which nothing comes is given up after five seconds, also in the middle of a frame")
    func silent() throws {
        let accepted = try Accepted()
        try accepted.channel.writeInbound(ByteBuffer(bytes: [0, 1]))
        for _ in 0..<5 { accepted.wait() }
        #expect(accepted.endings == 0)
        accepted.wait()
        #expect(accepted.endings == 1)
        #expect(!accepted.channel.isActive)
    }
}
