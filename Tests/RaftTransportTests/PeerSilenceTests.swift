import NIOCore
import NIOEmbedded
import RaftCore
import Testing

@testable import RaftTransport

@Suite("How long a connection may be silent")
struct PeerSilenceTests {
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
        let accepted = try AcceptedConnection()
        let message = Self.append(bytes: 1 << 20)
        var frame = ByteBuffer()
        FrameDecoder.write(into: &frame, seed: AcceptedConnection.seed) { Frame.message(message).encode(into: &$0) }
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
        let accepted = try AcceptedConnection()
        try accepted.channel.writeInbound(ByteBuffer(bytes: [0, 1]))
        for _ in 0..<5 { accepted.wait() }
        #expect(accepted.endings == 0)
        accepted.wait()
        #expect(accepted.endings == 1)
        #expect(!accepted.channel.isActive)
    }
}
