/// A snapshot's description: what it stands for and how to tell that one has all of it. Its chunks are the driver's.
///
/// Many places hold one, most of them none at the moment: so it is one word that points to what never changes.
public struct Snapshot: Hashable, Sendable {
    private final class Description: Sendable {
        let position: LogPosition
        let time: LogTime
        let membership: Membership
        let size: UInt64
        let chunkCount: UInt32
        let digest: [UInt8]

        init(
            _ position: LogPosition,
            _ time: LogTime,
            _ membership: Membership,
            _ size: UInt64,
            _ chunkCount: UInt32,
            _ digest: [UInt8]
        ) {
            self.position = position
            self.time = time
            self.membership = membership
            self.size = size
            self.chunkCount = chunkCount
            self.digest = digest
        }
    }

    private let description: Description

    /// The last entry whose effects are in it.
    public var position: LogPosition { self.description.position }
    /// That entry's time.
    public var time: LogTime { self.description.time }
    /// The membership in force at that entry.
    public var membership: Membership { self.description.membership }
    /// Of all chunks together, in bytes.
    public var size: UInt64 { self.description.size }
    /// As many as the size needs: all but the last have `chunkBytes` bytes.
    public var chunkCount: UInt32 { self.description.chunkCount }
    /// SHA-256 over the chunks, one after the other.
    public var digest: [UInt8] { self.description.digest }

    public init(
        position: LogPosition,
        time: LogTime,
        membership: Membership,
        size: UInt64,
        chunkCount: UInt32,
        digest: [UInt8]
    ) {
        self.description = Description(position, time, membership, size, chunkCount, digest)
    }

    public static func == (a: Snapshot, b: Snapshot) -> Bool {
        a.description === b.description
            || (a.id == b.id && a.time == b.time && a.membership == b.membership && a.size == b.size
                && a.chunkCount == b.chunkCount)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(self.id) }

    /// What tells one snapshot from another. Members whose states are equal make equal snapshots of a position, so a
    /// transfer begun from one member can go on from another.
    public struct ID: Hashable, Sendable {
        public var position: LogPosition
        public var digest: [UInt8]
        public init(position: LogPosition, digest: [UInt8]) {
            self.position = position
            self.digest = digest
        }
    }
    public var id: ID { ID(position: self.position, digest: self.digest) }
    public var index: LogIndex { self.position.index }

    /// How many bytes the chunk has; nil if there is no such chunk.
    public func byteCount(ofChunk number: UInt32) -> Int? {
        guard number < self.chunkCount else { return nil }
        let before = UInt64(number) * UInt64(Self.chunkBytes)
        guard self.size > before else { return nil }
        return Int(min(self.size - before, UInt64(Self.chunkBytes)))
    }
}
