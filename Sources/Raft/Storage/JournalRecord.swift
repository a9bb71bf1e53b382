internal import RaftCore

/// What a record of the journal says: the last term and vote of a group of writes, and all of the group's entries.
///
///      size
///         1  whether there are a term and a vote: 0 or 1
///        14  if there are: the fields of a record `hard/…`
///         8  index of the first entry; 0 if there are none
///         4  number of entries
///            each entry, as a value of the database `entries`
enum JournalRecord {
    static func encode(_ writes: [Write], onto bytes: inout [UInt8]) throws(StorageError) {
        let hardState = writes.last { $0.hardState != nil }?.hardState
        bytes.append(hardState == nil ? 0 : 1)
        if let hardState { bytes.append(contentsOf: hardState.fields) }
        let first = writes.lazy.compactMap(\.entries.first).first
        bytes.append(bigEndian: first?.index.rawValue ?? 0)
        bytes.append(bigEndian: UInt32(writes.reduce(0) { $0 + $1.entries.count }))
        for write in writes { for entry in write.entries { try EntryCodec.append(entry, to: &bytes) } }
    }

    /// Never traps, whatever the bytes are.
    static func decode(_ bytes: RawSpan, id: WriteID) throws(StorageError) -> Write {
        var write = Write(id: id)
        var offset = 1
        switch bytes.bigEndian(at: 0, as: UInt8.self) {
        case 0: break
        case 1:
            guard bytes.byteCount >= offset + 14,
                let hardState = HardState(fields: bytes.extracting(offset..<(offset + 14)))
            else { throw self.damaged }
            write.hardState = hardState
            offset += 14
        default: throw self.damaged
        }
        guard let first = bytes.bigEndian(at: offset, as: UInt64.self),
            let count = bytes.bigEndian(at: offset + 8, as: UInt32.self), first <= .max - UInt64(count)
        else { throw self.damaged }
        offset += 12
        for number in 0..<UInt64(count) {
            guard let length = bytes.bigEndian(at: offset + 4, as: UInt32.self),
                Int(length) <= bytes.byteCount - offset - EntryCodec.headerByteCount
            else { throw self.damaged }
            let end = offset + EntryCodec.headerByteCount + Int(length)
            write.entries.append(try EntryCodec.decode(bytes.extracting(offset..<end), at: LogIndex(first + number)))
            offset = end
        }
        guard offset == bytes.byteCount else { throw self.damaged }
        return write
    }

    private static var damaged: StorageError {
        StorageError(.damagedRecord, "A record of the journal makes no sense, although its checksum fits.")
    }
}

extension Write {
    /// Whether it only goes on from where the log ends, so that the journal can hold it. Everything else changes what is
    /// stored, and goes to the database at once, with what the journal holds.
    var onlyAppends: Bool {
        self.truncateFrom == nil && self.snapshot == nil && !self.replacesLog && self.base == nil
    }
}
