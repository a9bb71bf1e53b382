import Checksum
import NIOCore
import NIOEmbedded
import RaftCore
import Testing

@testable import RaftTransport

@Suite("Frames that were meant for somebody else")
struct ForeignFrameTests {
    private static func frame(_ seed: CRC32C) -> ByteBuffer {
        let message = Message.append(
            AppendRequest(term: Term(1), previous: .zero, entries: [], commit: .zero, round: 1)
        )
        var out = ByteBuffer()
        FrameDecoder.write(into: &out, seed: seed) { Frame.message(message).encode(into: &$0) }
        return out
    }

    @Test("a frame of the dialer's own life in this cluster arrives")
    func own() throws {
        let accepted = try AcceptedConnection()
        try accepted.channel.writeInbound(Self.frame(AcceptedConnection.seed))
        #expect(accepted.messages.count == 1 && accepted.endings == 0)
        _ = try accepted.channel.finish()
    }

    @Test(
        "a frame of another cluster, of another life of the dialer, or as in a handshake ends the connection",
        arguments: [
            CRC32C(cluster: ClusterID(high: 1, low: 3), sender: Incarnation(1)),
            CRC32C(cluster: ClusterID(high: 0, low: 2), sender: Incarnation(1)),
            CRC32C(cluster: ClusterID(high: 1, low: 2), sender: Incarnation(2)),
            CRC32C(),
        ]
    )
    func foreign(seed: CRC32C) throws {
        let accepted = try AcceptedConnection()
        // The decoder reports the error to the handler behind it, which closes; what is left over is one more error.
        _ = try? accepted.channel.writeInbound(Self.frame(seed))
        accepted.channel.embeddedEventLoop.run()
        #expect(accepted.messages.isEmpty)
        #expect(accepted.endings == 1)
        #expect(!accepted.channel.isActive)
    }

    @Test("the checksum is the one that the formats describe")
    func layout() {
        let words: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3]
        let bytes = words + Array("body".utf8)
        let seed = CRC32C(cluster: ClusterID(high: 1, low: 2), sender: Incarnation(3))
        #expect(Array("body".utf8).withUnsafeBytes(seed.checksum) == CRC32C.checksum(bytes))
    }
}
