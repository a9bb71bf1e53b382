// A snapshot's description as bytes, on disk and in an offer. All numbers most significant byte first.
//
//     01                          version of this form
//     index, term                 8 bytes each
//     time                        8 bytes
//     size                        8 bytes
//     number of chunks            4 bytes
//     SHA-256                     32 bytes
//     membership                  the rest

extension Snapshot {
    /// The length of a SHA-256.
    public static let digestBytes = 32
    /// No longer description is taken from another member.
    public static let encodedBytesMax = 16 << 10
    /// The size of every chunk but the last.
    public static let chunkBytes = 256 << 10

    /// Equal descriptions give equal bytes, which `init(decoding:)` reads back. The digest has `digestBytes` bytes.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = [1]
        bytes.appendBigEndian(self.position.index.rawValue)
        bytes.appendBigEndian(self.position.term.rawValue)
        bytes.appendBigEndian(self.time.milliseconds)
        bytes.appendBigEndian(self.size)
        bytes.appendBigEndian(self.chunkCount)
        bytes.append(contentsOf: self.digest)
        bytes.append(contentsOf: self.membership.encoded())
        return bytes
    }

    /// Nil if the bytes are no description in every detail: the number of chunks must fit the size.
    public init?(decoding bytes: some Sequence<UInt8>) {
        var reader = ByteReader(bytes)
        guard reader.read(UInt8.self) == 1, let index = reader.read(UInt64.self), let term = reader.read(UInt64.self),
            let time = reader.read(UInt64.self), let size = reader.read(UInt64.self),
            let chunkCount = reader.read(UInt32.self), let digest = reader.read(count: Self.digestBytes),
            max(index, term, time) < 1 << 62, size <= UInt64(UInt32.max) * UInt64(Self.chunkBytes),
            UInt64(chunkCount) == (size + UInt64(Self.chunkBytes) - 1) / UInt64(Self.chunkBytes),
            let membership = Membership(decoding: reader.readRest())
        else { return nil }
        self.init(
            position: LogPosition(index: LogIndex(index), term: Term(term)),
            time: LogTime(milliseconds: time),
            membership: membership,
            size: size,
            chunkCount: chunkCount,
            digest: Array(digest)
        )
    }
}
