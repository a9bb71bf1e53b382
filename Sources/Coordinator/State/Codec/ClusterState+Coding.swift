internal import HashTreeCollections
import RaftSessions

extension ClusterState {
    public static let formatVersion: UInt8 = 4
    /// Read as well, never written: a member that is updated begins with what it has on disk.
    static let earlierFormatVersions: ClosedRange<UInt8> = 2...3
    /// `VPCS`, so that a file of another kind is recognised as such.
    private static let magic = Array("VPCS".utf8)

    /// The whole state as bytes. Equal states give equal bytes in every process: keys are walked in their order.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        self.encode(inPieces: .max) { bytes = bytes.isEmpty ? $0 : bytes + $0 }
        return bytes
    }

    /// The same bytes in pieces of little more than `size`, so that a large state need not be in memory twice.
    public func encode<Failure>(
        inPieces size: Int,
        _ write: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        var writer = ByteWriter()
        for byte in Self.magic { writer.byte(byte) }
        writer.byte(Self.formatVersion)
        writer.number(self.appliedIndex)
        writer.number(self.time)
        writer.value(self.lastEpoch)
        writer.list(self.workers)
        writer.list(self.groups)
        writer.number(UInt64(self.connectorsByName.count))
        for connector in self.connectorsByName.inOrder {
            writer.value(connector)
            if writer.bytes.count >= size { try write(writer.take()) }
        }
        writer.list(self.migrationsByID.values.sorted { $0.id < $1.id })
        writer.list(self.keys)
        writer.number(self.keysIndex)
        writer.optional(self.scalingPolicy) { $0.value($1) }
        writer.value(self.settings)
        writer.blob(self.sessions.encoded())
        try write(writer.take())
    }

    /// Reads a state back, and refuses one that no sequence of commands could have made.
    public init(decoding bytes: [UInt8]) throws(DecodingFailure) {
        var reader = ByteReader(bytes)
        for expected in Self.magic where try reader.byte() != expected {
            throw reader.failure(.unknown, "the bytes are not a cluster's state")
        }
        let version = try reader.byte()
        guard version == Self.formatVersion || Self.earlierFormatVersions.contains(version) else {
            throw reader.failure(.unknown, "states of version \(version) are not known here")
        }
        self.init()
        self.appliedIndex = try reader.number()
        self.time = try reader.number()
        self.lastEpoch = try reader.value()
        if version == 2 {
            try self.readSecondTables(&reader)
        } else {
            try self.readTables(&reader, version)
        }
        let sessions = try reader.blob()
        do throws(SessionDecodingFailure) {
            self.sessions = try SessionTable(decoding: sessions)
        } catch {
            throw reader.failure(.invalid, "the session table: \(error)")
        }
        try reader.end()
        for migration in self.migrationsByID.values where migration.isOpen {
            self.openMigrations[migration.placement] = migration.id
        }
        for group in self.groupsByID.values {
            self.groupIDsByName[group.spec.name] = group.id
            for placement in group.placements {
                guard let worker = placement.worker else { continue }
                self.workersByID.change(worker) { $0.assignedCount += 1 }
            }
        }
        if let violation = self.violatedInvariant { throw reader.failure(.invalid, violation) }
    }

    private mutating func readTables(_ reader: inout ByteReader, _ version: UInt8) throws(DecodingFailure) {
        self.workersByID = try Self.table(&reader, by: \.id) { reader throws(DecodingFailure) in
            version == 3 ? try Worker(third: &reader) : try reader.value()
        }
        self.groupsByID = try Self.table(&reader, by: \.id) { reader throws(DecodingFailure) in try reader.value() }
        self.connectorsByName = ConnectorTable(try ConnectorRun(&reader))
        self.migrationsByID = try Self.table(&reader, by: \.id) { reader throws(DecodingFailure) in
            try reader.value()
        }
        self.keysByID = try Self.table(&reader, by: \.id) { reader throws(DecodingFailure) in try reader.value() }
        self.keysIndex = try reader.number()
        self.scalingPolicy = try reader.optional { reader throws(DecodingFailure) in try reader.value() }
        self.settings = try reader.value()
    }

    private mutating func readSecondTables(_ reader: inout ByteReader) throws(DecodingFailure) {
        self.workersByID = try Self.table(&reader, by: \.id) { reader throws(DecodingFailure) in
            try Worker(second: &reader)
        }
        self.groupsByID = try Self.table(&reader, by: \.id) { reader throws(DecodingFailure) in
            try Group(earlier: &reader)
        }
        self.scatterDividedCompanies()
        self.connectorsByName = ConnectorTable(try ConnectorRun(&reader))
    }

    /// A list whose keys have to rise strictly.
    private static func table<Key: Comparable & Hashable, Value>(
        _ reader: inout ByteReader,
        by key: KeyPath<Value, Key>,
        _ read: (inout ByteReader) throws(DecodingFailure) -> Value
    ) throws(DecodingFailure) -> TreeDictionary<Key, Value> {
        var table: TreeDictionary<Key, Value> = [:]
        var last: Key?
        for value in try reader.list(read) {
            let key = value[keyPath: key]
            if let last, key <= last { throw reader.failure(.invalid, "the keys of a list are not in order") }
            last = key
            table[key] = value
        }
        return table
    }

    /// 64 bits that differ, but for an accident, between states that differ: FNV-1a over the encoding. Members compare
    /// theirs at the same index. It guards against mistakes, not against forgers.
    public var digest: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in self.encoded() {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        return hash
    }
}
