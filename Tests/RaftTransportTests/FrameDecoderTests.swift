import NIOCore
import NIOEmbedded
import RaftTestSupport
import Testing

@testable import RaftTransport

@Suite("Frames on a byte stream")
struct FrameDecoderTests {
    private static func framed(_ body: String) -> ByteBuffer {
        var out = ByteBuffer()
        FrameDecoder.write(into: &out) { $0.writeString(body) }
        return out
    }

    private static func channel(limit bytes: Int? = nil) -> EmbeddedChannel {
        let intake = FrameDecoder.Intake()
        if let bytes { intake.bytesMax = bytes }
        return EmbeddedChannel(handler: ByteToMessageHandler(FrameDecoder(intake: intake)))
    }

    @Test("frames arrive whole wherever the stream is split")
    func splits() throws {
        var stream = Self.framed("first")
        stream.writeImmutableBuffer(Self.framed(""))
        stream.writeImmutableBuffer(Self.framed("third"))
        for place in 0...stream.readableBytes {
            let channel = Self.channel()
            var rest = stream
            try channel.writeInbound(rest.readSlice(length: place))
            try channel.writeInbound(rest)
            for expected in ["first", "", "third"] {
                #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: expected))
            }
            #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
            _ = try channel.finish()
        }
    }

    @Test("frames arrive whole when every byte comes alone")
    func bytewise() throws {
        let channel = Self.channel()
        for byte in Self.framed("slow").readableBytesView {
            #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
            try channel.writeInbound(ByteBuffer(integer: byte))
        }
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "slow"))
        _ = try channel.finish()
    }

    @Test("a frame with one byte changed never arrives as a frame")
    func damage() throws {
        let whole = Self.framed("guarded")
        for place in 0..<whole.readableBytes {
            for change in [UInt8(1), 0x80, 0xff] {
                var damaged = whole
                let byte = try #require(whole.getInteger(at: place, as: UInt8.self))
                damaged.setInteger(byte ^ change, at: place)
                let channel = Self.channel()
                do { try channel.writeInbound(damaged) } catch { #expect(error is WireError) }
                #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
                _ = try? channel.finish()  // the bytes left over are an error of their own
            }
        }
    }

    @Test("a length beyond the limit is refused as soon as it is read", arguments: [nil, WireLimits.frameBytes])
    func limit(bytes: Int?) throws {
        let limit = UInt32(bytes ?? 512)
        for length in [limit + 1, .max] {
            let channel = Self.channel(limit: bytes)
            #expect(throws: WireError.tooLong("a frame")) { try channel.writeInbound(ByteBuffer(integer: length)) }
        }
        let channel = Self.channel(limit: bytes)
        try channel.writeInbound(ByteBuffer(integer: limit))
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
    }

    @Test("a limit that is raised holds for the frames after that")
    func raisedLimit() throws {
        let intake = FrameDecoder.Intake()
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(FrameDecoder(intake: intake)))
        let long = String(repeating: "x", count: 600)
        intake.bytesMax = WireLimits.frameBytes
        try channel.writeInbound(Self.framed(long))
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(string: long))
        _ = try channel.finish()
    }
}
