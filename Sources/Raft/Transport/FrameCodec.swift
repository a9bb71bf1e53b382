import Checksum
import NIOCore
import RaftCore

/// Frames on a byte stream: length of the body (u32), checksum (u32), body.
///
/// The checksum of a handshake frame is the CRC-32C of its body. Later ones begin with the cluster and the sender's
/// incarnation, as if they stood before the body: bytes that were meant for another cluster, or come from another life
/// of the sender, fail like damaged ones, with the checksum's certainty.
struct FrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = ByteBuffer

    static let headerBytes = 8
    let intake: Intake

    /// Shared with the handler behind, which sets the limit and the seed when the peer has proved who it is, and asks
    /// whether anything comes: a long frame on a slow link is no silence.
    final class Intake {
        var bytesMax = WireLimits.handshakeFrameBytes
        /// What the peer's checksums begin with.
        var seed = CRC32C()
        var lastHeard = NIODeadline.uptimeNanoseconds(0)
    }

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        self.intake.lastHeard = context.eventLoop.now
        guard let length: UInt32 = buffer.getInteger(at: buffer.readerIndex) else { return .needMoreData }
        guard length <= self.intake.bytesMax else { throw WireError.tooLong("a frame") }
        guard buffer.readableBytes >= Self.headerBytes + Int(length),
            let checksum: UInt32 = buffer.getInteger(at: buffer.readerIndex + 4),
            let body = buffer.getSlice(at: buffer.readerIndex + Self.headerBytes, length: Int(length))
        else { return .needMoreData }
        buffer.moveReaderIndex(forwardBy: Self.headerBytes + Int(length))
        guard body.readableBytesView.withUnsafeBytes(self.intake.seed.checksum) == checksum else {
            throw WireError.checksum
        }
        context.fireChannelRead(Self.wrapInboundOut(body))
        return .continue
    }

    /// Appends a frame to `out`; `body` writes what is in it.
    static func write(
        into out: inout ByteBuffer,
        seed: CRC32C = CRC32C(),
        _ body: (inout ByteBuffer) -> Void
    ) {
        let start = out.writerIndex
        out.writeInteger(UInt32(0))
        out.writeInteger(UInt32(0))
        body(&out)
        let from = start + Self.headerBytes
        let length = out.writerIndex - from
        out.setInteger(UInt32(length), at: start)
        let body = out.viewBytes(at: from, length: length)
        out.setInteger(body?.withUnsafeBytes(seed.checksum) ?? 0, at: start + 4)
    }
}

extension CRC32C {
    /// What the checksums of a member's frames begin with after the handshake.
    init(cluster: ClusterID, sender: Incarnation) {
        self.init()
        for word in [cluster.high, cluster.low, sender.rawValue] {
            withUnsafeBytes(of: word.bigEndian) { self.update($0) }
        }
    }

    /// The checksum with `bytes` at the end.
    func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = self
        checksum.update(bytes)
        return checksum.value
    }
}
