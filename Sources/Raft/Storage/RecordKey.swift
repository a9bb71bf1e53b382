internal import Checksum
internal import LMDB
internal import RaftCore

/// A record's place in the database `state`, and what is stored there.
struct RecordKey<Value: Record>: Sendable {
    let name: String

    private init(_ name: String) { self.name = name }

    /// The fields and their checksum.
    func encode(_ value: Value) -> [UInt8] {
        var bytes = value.fields
        bytes.append(bigEndian: self.checksum(of: bytes.span.bytes))
        return bytes
    }

    /// Reads a record. Never traps, whatever the bytes are.
    func decode(_ bytes: RawSpan) throws(StorageError) -> Value {
        let fields = bytes.extracting(droppingLast: 4)
        guard let checksum = bytes.bigEndian(at: fields.byteCount, as: UInt32.self),
            checksum == self.checksum(of: fields), let version = fields.bigEndian(at: 0, as: UInt8.self)
        else { throw StorageError(.damagedRecord, "The record \(self.name) is damaged: its checksum does not fit.") }
        guard version == recordFormatVersion else {
            throw StorageError(
                .unknownFormat,
                "The record \(self.name) has format version \(version), and this program knows version "
                    + "\(recordFormatVersion) only. Start the program that wrote the database, or a newer one."
            )
        }
        guard let value = Value(fields: fields) else {
            throw StorageError(.damagedRecord, "The record \(self.name) is damaged: its fields make no sense.")
        }
        return value
    }

    private func checksum(of fields: RawSpan) -> UInt32 {
        var checksum = CRC32C()
        Array(self.name.utf8).withUnsafeBytes { checksum.update($0) }
        fields.withUnsafeBytes { checksum.update($0) }
        return checksum.value
    }
}

extension RecordKey<DatabaseIdentity> {
    static var identity: Self { Self("identity") }
}

extension RecordKey<ComingIncarnation> {
    static var comingIncarnation: Self { Self("incarnation") }
}

extension RecordKey<HardState> {
    /// Two copies, always written together: a vote survives the loss of one.
    static var copies: [Self] { [Self("hard/a"), Self("hard/b")] }
}

extension RecordKey<LogBounds> {
    static var bounds: Self { Self("bounds") }
}

extension RecordKey<JournalLap> {
    static var journal: Self { Self("journal") }
}

extension RecordKey<Membership> {
    /// The members that the cluster began with.
    static var membership: Self { Self("membership") }
}

extension RecordKey<Snapshot> {
    /// A snapshot of everything up to `index`. The names' order is the snapshots' order.
    static func snapshot(at index: LogIndex) -> Self { Self(numberedName(index.rawValue)) }
}

extension RecordKey<StoredSnapshot> {
    /// The snapshot whose chunks have that number.
    static func snapshot(numbered number: UInt64) -> Self { Self(numberedName(number)) }
}

extension RecordKey {
    /// The keys of all snapshots' records.
    static var snapshots: KeyRange { KeyRange(from: Key(snapshotPrefix), upTo: Key(snapshotPrefix + "g")) }

    /// A record found under the key that `bytes` are, and the number in it.
    static func found(under bytes: RawSpan) throws(StorageError) -> (key: Self, number: UInt64) {
        let name = String(decoding: bytes.bytes(), as: UTF8.self)
        guard let number = UInt64(name.dropFirst(snapshotPrefix.count), radix: 16), numberedName(number) == name else {
            throw StorageError(.damagedRecord, "There is a record \(name), and no snapshot is called that.")
        }
        return (Self(name), number)
    }
}

private let snapshotPrefix = "snapshot/"

/// Sixteen digits, so that the order of the names is that of the numbers.
private func numberedName(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return snapshotPrefix + String(repeating: "0", count: 16 - digits.count) + digits
}
