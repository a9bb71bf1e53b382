internal import Checksum
internal import RaftCore

/// An entry as a value of the database `entries`, whose key is the entry's index (docs/formats.md, section "Raft
/// database").
///
///     offset  size
///          0     1  format version, 1
///          1     1  kind
///          2     2  zero
///          4     4  length of the payload
///          8     8  term
///         16     8  time, milliseconds since 1970
///         24     4  CRC-32C of the index (8 bytes), the bytes 0 to 23 and the payload
///         28        payload
///
/// For example the command `hi` at index 3 of term 2, stamped with millisecond 1000, is
///
///     01 01 00 00 | 00 00 00 02 | 00 00 00 00 00 00 00 02 | 00 00 00 00 00 00 03 e8 | 97 ff 22 eb | 68 69
///
/// The index is not stored twice, but it is under the checksum: an intact value under a wrong key is as bad as a
/// damaged one.
enum EntryCodec {
    static let formatVersion: UInt8 = 1
    static let headerByteCount = 28
    private static let checksumOffset = 24

    /// Writes `entry` after what `bytes` hold.
    static func append(_ entry: Entry, to bytes: inout [UInt8]) throws(StorageError) {
        guard let length = UInt32(exactly: entry.payload.count) else {
            throw StorageError(.badWrite, "Entry \(entry.index) is too long to be stored.", index: entry.index)
        }
        let start = bytes.count
        bytes.append(self.formatVersion)
        bytes.append(entry.kind.rawValue)
        bytes.append(bigEndian: UInt16(0))
        bytes.append(bigEndian: length)
        bytes.append(bigEndian: entry.term.rawValue)
        bytes.append(bigEndian: entry.time.milliseconds)
        bytes.append(bigEndian: self.checksum(of: entry, headerAt: start, in: bytes))
        bytes.append(contentsOf: entry.payload)
    }

    /// Reads the value stored under `index`. Never traps, whatever the bytes are.
    static func decode(_ bytes: RawSpan, at index: LogIndex) throws(StorageError) -> Entry {
        guard let version = bytes.bigEndian(at: 0, as: UInt8.self),
            let kind = bytes.bigEndian(at: 1, as: UInt8.self),
            let zero = bytes.bigEndian(at: 2, as: UInt16.self),
            let length = bytes.bigEndian(at: 4, as: UInt32.self),
            let term = bytes.bigEndian(at: 8, as: UInt64.self),
            let time = bytes.bigEndian(at: 16, as: UInt64.self),
            let checksum = bytes.bigEndian(at: self.checksumOffset, as: UInt32.self)
        else { throw self.damaged(index, "it is shorter than an entry's header") }
        let payload = bytes.extracting(self.headerByteCount...)
        let header = bytes.extracting(..<self.checksumOffset)
        guard checksum == self.checksum(of: index, header: header, payload) else {
            throw self.damaged(index, "its checksum does not fit")
        }
        guard version == self.formatVersion else {
            throw StorageError(
                .unknownFormat,
                "Entry \(index) has format version \(version), and this program knows version \(self.formatVersion) "
                    + "only. Start the program that wrote the database, or a newer one.",
                index: index
            )
        }
        guard zero == 0, payload.byteCount == Int(length) else {
            throw self.damaged(index, "its header contradicts its length")
        }
        return Entry(
            position: LogPosition(index: index, term: Term(term)),
            time: LogTime(milliseconds: time),
            kind: EntryKind(rawValue: kind),
            payload: payload.withUnsafeBytes { [UInt8]($0) }
        )
    }

    private static func checksum(of entry: Entry, headerAt start: Int, in bytes: [UInt8]) -> UInt32 {
        self.checksum(of: entry.index, header: bytes.span.bytes.extracting(start...), entry.payload.span.bytes)
    }

    private static func checksum(of index: LogIndex, header: RawSpan, _ payload: RawSpan) -> UInt32 {
        var checksum = CRC32C()
        withUnsafeBytes(of: index.rawValue.bigEndian) { checksum.update($0) }
        header.withUnsafeBytes { checksum.update($0) }
        payload.withUnsafeBytes { checksum.update($0) }
        return checksum.value
    }

    private static func damaged(_ index: LogIndex, _ how: String) -> StorageError {
        StorageError(
            .damagedEntry,
            "Entry \(index) of the log is damaged: \(how). The disk or a program changed it after it was written. "
                + "Do not delete the database by hand: this member's votes are in it. Replace the member instead.",
            index: index
        )
    }
}
