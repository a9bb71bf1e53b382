internal import Checksum
internal import LMDB
internal import RaftCore

// Snapshots on disk (docs/formats.md, section "Raft snapshots"). Each has a number of its own on this disk, in the
// order in which they were begun: while one is being taken, its digest, and so its id, is not known yet.

/// What the record of a snapshot says about it.
struct StoredSnapshot: Record {
    var snapshot: Snapshot
    /// All chunks are here and make up the digest. Until then its transfer is under way.
    var isWhole: Bool

    init(_ snapshot: Snapshot, isWhole: Bool) {
        self.snapshot = snapshot
        self.isWhole = isWhole
    }

    var fields: [UInt8] { [recordFormatVersion, self.isWhole ? 1 : 0] + self.snapshot.encoded() }

    init?(fields: RawSpan) {
        guard let isWhole = fields.bigEndian(at: 1, as: UInt8.self), isWhole <= 1,
            let snapshot = Snapshot(decoding: fields.bytes(from: 2))
        else { return nil }
        self.init(snapshot, isWhole: isWhole == 1)
    }
}

/// Where a chunk is in the database `chunks`: the snapshot's number (8 bytes), then the chunk's own (4 bytes).
struct ChunkKey: Hashable {
    var snapshot: UInt64
    var chunk: UInt32

    var key: Key { Key(self.bytes) }

    private var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: self.snapshot)
        bytes.append(bigEndian: self.chunk)
        return bytes
    }

    init(snapshot: UInt64, chunk: UInt32) {
        self.snapshot = snapshot
        self.chunk = chunk
    }

    /// Nil if the bytes are no such key.
    init?(_ key: RawSpan) {
        guard key.byteCount == 12, let snapshot = key.bigEndian(at: 0, as: UInt64.self),
            let chunk = key.bigEndian(at: 8, as: UInt32.self)
        else { return nil }
        self.init(snapshot: snapshot, chunk: chunk)
    }

    /// The keys of all chunks of a snapshot, or of some in a row.
    static func all(of snapshot: UInt64, from first: UInt32 = 0) -> KeyRange {
        KeyRange(from: Self(snapshot: snapshot, chunk: first).key, upTo: Key(snapshot + 1))
    }

    /// Makes the value out of a chunk: CRC-32C (4 bytes) over the key and the bytes comes after them.
    func seal(_ chunk: inout [UInt8]) { chunk.append(bigEndian: self.checksum(of: chunk.span.bytes)) }

    /// Whether the value is a chunk of that many bytes, undamaged and under the key it was stored under.
    func fits(_ value: RawSpan, byteCount: Int?) -> Bool {
        let bytes = value.extracting(droppingLast: min(Self.checksumBytes, value.byteCount))
        return bytes.byteCount == byteCount
            && value.bigEndian(at: bytes.byteCount, as: UInt32.self) == self.checksum(of: bytes)
    }

    static let checksumBytes = 4

    private func checksum(of chunk: RawSpan) -> UInt32 {
        var checksum = CRC32C()
        self.bytes.withUnsafeBytes { checksum.update($0) }
        chunk.withUnsafeBytes { checksum.update($0) }
        return checksum.value
    }
}
