import NIOCore
import RaftCore

/// The body of a call on the lane for snapshots: which chunk of which snapshot. The answer is the chunk, or empty where
/// it is not at hand.
struct ChunkRequest: Hashable {
    var snapshot: Snapshot.ID
    var number: UInt32

    init(_ number: UInt32, of snapshot: Snapshot.ID) {
        self.snapshot = snapshot
        self.number = number
    }

    var body: ByteBuffer {
        var out = ByteBuffer()
        out.writePosition(self.snapshot.position)
        out.writeBytes(self.snapshot.digest)
        out.writeInteger(self.number)
        return out
    }

    init(_ body: ByteBuffer) throws(WireError) {
        var bytes = body
        let position = try bytes.readPosition()
        guard let digest = bytes.readBytes(length: Snapshot.digestBytes) else { throw .truncated }
        self.init(try bytes.readWord(), of: Snapshot.ID(position: position, digest: digest))
        guard bytes.readableBytes == 0 else { throw .trailing }
    }
}
