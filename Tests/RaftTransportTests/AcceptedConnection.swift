import Checksum
import NIOCore
import NIOEmbedded
import RaftCore
import Testing

@testable import RaftTransport

/// The accepting side of a connection whose handshake is done, on a clock that goes when it is told to.
final class AcceptedConnection {
    let channel = EmbeddedChannel()
    private(set) var messages: [Envelope] = []
    private(set) var endings = 0

    init() throws {
        let intake = FrameDecoder.Intake()
        let handshake = Handshake(acceptingAs: Self.identity(2), nonce: Self.nonce(2), admission: Self.admit)
        let handler = PeerHandler(
            handshake,
            own: Self.identity(2),
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

    /// What the checksums of the dialer's frames begin with.
    static let seed = CRC32C(AcceptedConnection.identity(1))

    private static func identity(_ node: UInt32) -> PeerIdentity {
        PeerIdentity(
            cluster: ClusterID(high: 1, low: 2),
            node: NodeID(node),
            incarnation: Incarnation(UInt64(node)),
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
