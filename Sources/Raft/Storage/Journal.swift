internal import Checksum
internal import Glibc
internal import RaftCore

/// A file that makes appends, terms and votes durable with one flush of the disk, ahead of the database (docs/formats.md,
/// section "Raft journal").
///
/// A transaction of LMDB waits for the disk twice, one flush after the other, and writes four pages for an entry of a
/// few bytes. A record of the journal overwrites a page that is there already. Every few hundred entries one transaction
/// takes over what the journal holds, and the journal begins again at its first page: that is its next lap. The database
/// knows the lap from which records count, so what earlier laps left behind is never taken for new.
///
///     offset  size
///          0     1  format version, 1
///          1     3  zero
///          4     4  length of the body
///          8     8  lap
///         16     4  number of the record in its lap, from 0
///         20     4  CRC-32C of the incarnation (8 bytes), the bytes 0 to 19 and the body
///         24        body: see `JournalRecord`
///
/// Each record begins a page, so that writing one never touches another.
struct Journal: ~Copyable {
    static let fileName = "journal"
    static let byteCount = 2 << 20
    static let pageBytes = 4_096

    private let path: String
    private let file: CInt
    private let owner: Incarnation
    /// The lap that the next record belongs to.
    private(set) var lap: UInt64
    private var count: UInt32 = 0
    /// Where the next record begins.
    private var end = 0
    private var record: [UInt8] = []

    var isEmpty: Bool { self.count == 0 }

    /// Opens the journal of a database that counts its records from `lap` on.
    init(in directory: DataDirectory, of owner: Incarnation, lap: UInt64) throws(StorageError) {
        self.path = directory.path + "/" + Self.fileName
        self.owner = owner
        self.lap = lap
        self.file = Glibc.open(self.path, O_RDWR | O_CLOEXEC)
        var status = stat()
        guard self.file >= 0, fstat(self.file, &status) == 0, status.st_size == Self.byteCount else {
            throw StorageError(
                .damagedRecord,
                "The journal \(self.path) is missing or cut off. This member promised to keep what was in it: replace the "
                    + "member, do not start it without."
            )
        }
    }

    deinit { if self.file >= 0 { close(self.file) } }

    /// Whether a journal is there that was ever written to.
    static func isWritten(in directory: DataDirectory) throws(StorageError) -> Bool {
        let path = directory.path + "/" + Self.fileName
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 && errno == ENOENT { return false }
        guard file >= 0 else { throw Self.failed("open", path) }
        defer { close(file) }
        return try Self.content(of: file, path).contains { $0 != 0 }
    }

    /// Makes an empty journal in place of what may be there, durably. Its blocks are written, not only reserved: a page
    /// that is overwritten needs no word from the file system's own journal.
    static func create(in directory: DataDirectory) throws(StorageError) {
        let path = directory.path + "/" + Self.fileName
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failed("create", path) }
        defer { close(file) }
        try Self.write([UInt8](repeating: 0, count: Self.byteCount), to: file, at: 0, path)
        guard fsync(file) == 0 else { throw Self.failed("sync", path) }
        try directory.sync()
    }

    // MARK: - Writing

    /// Makes `writes` durable as one record. False, and nothing is written, if there is no room for it in this lap.
    ///
    /// After an error the journal must not be used again: what the system's cache holds need not be on the disk.
    mutating func append(_ writes: [Write]) throws(StorageError) -> Bool {
        self.record.removeAll(keepingCapacity: true)
        self.record.append(contentsOf: repeatElement(0, count: Self.headerByteCount))
        try JournalRecord.encode(writes, onto: &self.record)
        guard self.record.count <= Self.byteCount - self.end else { return false }
        self.seal()
        self.record.append(contentsOf: repeatElement(0, count: -self.record.count & (Self.pageBytes - 1)))
        try Self.write(self.record, to: self.file, at: self.end, self.path)
        guard fdatasync(self.file) == 0 else { throw Self.failed("sync", self.path) }
        self.end += self.record.count
        self.count += 1
        if self.record.capacity > Self.keptBytesMax { self.record = [] }
        return true
    }

    /// The database has taken over everything and counts from `lap` on.
    mutating func begin(lap: UInt64) {
        self.lap = lap
        self.count = 0
        self.end = 0
    }

    private static let headerByteCount = 24
    private static let keptBytesMax = 256 << 10

    /// Fills in the header of the record whose body is there.
    private mutating func seal() {
        var header: [UInt8] = [Self.formatVersion, 0, 0, 0]
        header.append(bigEndian: UInt32(self.record.count - Self.headerByteCount))
        header.append(bigEndian: self.lap)
        header.append(bigEndian: self.count)
        self.record.replaceSubrange(..<header.count, with: header)
        var checksum: [UInt8] = []
        checksum.append(bigEndian: self.checksum(of: self.record.span.bytes))
        self.record.replaceSubrange(header.count..<Self.headerByteCount, with: checksum)
    }

    static let formatVersion: UInt8 = 1

    private static func write(_ bytes: [UInt8], to file: CInt, at offset: Int, _ path: String) throws(StorageError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                pwrite(file, $0.baseAddress! + written, bytes.count - written, off_t(offset + written))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failed("write", path) }
            written += count
        }
    }

    // MARK: - Reading

    /// The writes of this lap, numbered from 1. What follows its last whole record was never acknowledged; a record after
    /// that one was, and then the one in between is damaged.
    func read() throws(StorageError) -> [Write] {
        let bytes = try Self.content(of: self.file, self.path)
        var writes: [Write] = []
        var offset = 0
        while let record = self.record(in: bytes.span.bytes, at: offset), record.number == UInt32(writes.count) {
            let body = bytes.span.bytes.extracting(record.body)
            writes.append(try JournalRecord.decode(body, id: WriteID(UInt64(writes.count) + 1)))
            offset = (record.body.upperBound + Self.pageBytes - 1) & -Self.pageBytes
        }
        while offset < bytes.count {
            if let later = self.record(in: bytes.span.bytes, at: offset), later.number > UInt32(writes.count) {
                throw StorageError(
                    .damagedRecord,
                    "Record \(writes.count) of the journal \(self.path) is damaged, and record \(later.number) is not. "
                        + "This member promised to keep both: replace the member."
                )
            }
            offset += Self.pageBytes
        }
        return writes
    }

    /// What the file holds, up to the length that it should have.
    private static func content(of file: CInt, _ path: String) throws(StorageError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.byteCount)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                pread(file, $0.baseAddress! + filled, $0.count - filled, off_t(filled))
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Self.failed("read", path) }
            if count == 0 { break }
            filled += count
        }
        return bytes
    }

    /// The number of the undamaged record of this lap that begins at `offset`, and where its body is.
    private func record(in bytes: RawSpan, at offset: Int) -> (number: UInt32, body: Range<Int>)? {
        guard let version = bytes.bigEndian(at: offset, as: UInt8.self), version == Self.formatVersion,
            let length = bytes.bigEndian(at: offset + 4, as: UInt32.self),
            let lap = bytes.bigEndian(at: offset + 8, as: UInt64.self), lap == self.lap,
            let number = bytes.bigEndian(at: offset + 16, as: UInt32.self),
            let checksum = bytes.bigEndian(at: offset + 20, as: UInt32.self),
            Int(length) <= bytes.byteCount - offset - Self.headerByteCount
        else { return nil }
        let body = (offset + Self.headerByteCount)..<(offset + Self.headerByteCount + Int(length))
        guard checksum == self.checksum(of: bytes.extracting(offset..<body.upperBound)) else { return nil }
        return (number, body)
    }

    private func checksum(of record: RawSpan) -> UInt32 {
        var checksum = CRC32C()
        withUnsafeBytes(of: self.owner.rawValue.bigEndian) { checksum.update($0) }
        record.extracting(..<20).withUnsafeBytes { checksum.update($0) }
        record.extracting(Self.headerByteCount...).withUnsafeBytes { checksum.update($0) }
        return checksum.value
    }

    private static func failed(_ what: String, _ path: String, _ reason: CInt = errno) -> StorageError {
        StorageError(couldNot: "\(what) the journal \(path)", reason: reason)
    }
}
