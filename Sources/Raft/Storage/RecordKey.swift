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

extension RecordKey<IdentityRecord> {
    static var identity: Self { Self("identity") }
}

extension RecordKey<HardState> {
    /// Two copies, always written together: a vote survives the loss of one.
    static var copies: [Self] { [Self("hard/a"), Self("hard/b")] }
}

extension RecordKey<LogBounds> {
    static var bounds: Self { Self("bounds") }
}

extension RecordKey<Membership> {
    /// The voters that the cluster began with.
    static var membership: Self { Self("membership") }
}
