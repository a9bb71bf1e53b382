import RaftCore
import Testing

@testable import RaftStorage

@Suite("SnapshotStore")
struct SnapshotStoreTests {
    private let directory: TemporaryDirectory
    private let store: SnapshotStore

    init() throws {
        self.directory = try TemporaryDirectory()
        self.store = try open(self.directory).snapshots
    }

    @Test(
        "a snapshot comes back as it was written, whatever its length",
        arguments: [
            0, 1, Snapshot.chunkBytes - 1, Snapshot.chunkBytes, Snapshot.chunkBytes + 1, 5 * Snapshot.chunkBytes,
            9 * Snapshot.chunkBytes + 7,
        ]
    )
    func roundTrip(count: Int) throws {
        let bytes = content(count)
        let snapshot = try self.store.capture(bytes, at: position(7, term: 2))
        #expect(snapshot.position == position(7, term: 2))
        #expect(snapshot.size == UInt64(count))
        #expect(Int(snapshot.chunkCount) == (count + Snapshot.chunkBytes - 1) / Snapshot.chunkBytes)
        #expect(Snapshot(decoding: snapshot.encoded()) == snapshot)
        #expect(try self.store.bytes(of: snapshot.id) == bytes)
        var chunks: [UInt8] = []
        for number in 0..<snapshot.chunkCount {
            chunks += try #require(try self.store.chunk(number, of: snapshot.id))
        }
        #expect(chunks == bytes)
        #expect(try self.store.chunk(snapshot.chunkCount, of: snapshot.id) == nil)
        #expect(try self.store.chunk(0, of: Snapshot.ID(position: position(8), digest: snapshot.digest)) == nil)
    }

    @Test("how the bytes are cut when they are written makes no difference")
    func pieces() throws {
        let bytes = content(2 * Snapshot.chunkBytes + 1_000)
        let whole = try self.store.capture(bytes, at: position(3))
        let pieces = try self.store.capture(
            position: position(3),
            time: whole.time,
            membership: whole.membership,
            encode: { writer in
                for start in stride(from: 0, to: bytes.count, by: 999) {
                    try writer.write(Array(bytes[start..<min(bytes.count, start + 999)]))
                }
            }
        )
        #expect(pieces == whole)
        try self.store.sweepAll()
        // The second one was the first one again, and went.
        #expect(try self.store.chunkCount() == 3)
        #expect(try self.store.bytes(of: whole.id) == bytes)
    }

    @Test("a snapshot that is received chunk after chunk is the sender's")
    func transfer() throws {
        let bytes = content(3 * Snapshot.chunkBytes + 5)
        let (snapshot, chunks) = try foreignSnapshot(bytes, at: position(9))
        #expect(try self.store.begin(snapshot) == 0)
        #expect(try self.store.complete(snapshot) == false)
        for (number, chunk) in chunks.enumerated() {
            #expect(try self.store.chunk(UInt32(number), of: snapshot.id) == nil)
            #expect(try self.store.store(UInt32(number), chunk, of: snapshot.id) == UInt32(number) + 1)
        }
        #expect(try self.store.complete(snapshot) == true)
        #expect(try self.store.bytes(of: snapshot.id) == bytes)
        #expect(try self.store.begin(snapshot) == 4)
        #expect(try self.store.complete(snapshot) == true)
    }

    @Test("an encoder that fails, or goes on after a failure, leaves no snapshot and nothing behind")
    func failedCapture() throws {
        let bytes = content(6 * Snapshot.chunkBytes)
        func capture(_ encode: (inout SnapshotWriter) throws -> Void) -> StorageError? {
            #expect(throws: StorageError.self) {
                _ = try self.store.capture(position: position(1), time: .zero, membership: .unknown, encode: encode)
            }
        }
        let failure = capture { writer in
            try writer.write(bytes)
            throw CancellationError()
        }
        #expect(failure?.code == .snapshotFailed)
        #expect(try self.store.chunkCount() > 0)
        #expect(try self.store.whole() == [])
        try self.store.sweepAll()
        #expect(try self.store.chunkCount() == 0)
    }

    @Test("a disk that is full fails the snapshot, whatever the encoder makes of it, and the next one may fit")
    func full() throws {
        let directory = try TemporaryDirectory()
        let store = try open(directory, snapshotMapBytes: 16 * Snapshot.chunkBytes).snapshots
        let small = try store.capture(content(2 * Snapshot.chunkBytes), at: position(1))
        let large = content(20 * Snapshot.chunkBytes)
        for isDeaf in [false, true] {
            let error = #expect(throws: StorageError.self) {
                _ = try store.capture(position: position(2), time: .zero, membership: .unknown) { writer in
                    do { try writer.write(large) } catch { if !isDeaf { throw error } }
                    try writer.write([1])
                }
            }
            #expect(error?.code == .full)
            try store.sweepAll()
            #expect(try store.chunkCount() == 2)
        }
        _ = try store.capture(content(4 * Snapshot.chunkBytes, seed: 2), at: position(3))
        #expect(try store.bytes(of: small.id) == content(2 * Snapshot.chunkBytes))
    }

    @Test("of what is older than the pinned one, only what is named stays, and everything newer does")
    func keep() throws {
        let snapshots = try (1...5 as ClosedRange<UInt64>).map { index in
            try self.store.capture(content(10, seed: index), at: position(index))
        }
        func left() throws -> [UInt64] { try self.store.whole().map(\.position.index.rawValue).sorted() }
        try self.store.keep(only: [snapshots[4].id])
        #expect(try left() == [1, 2, 3, 4, 5])
        self.store.pin([snapshots[1].id, snapshots[3].id])
        try self.store.keep(only: [snapshots[2].id, snapshots[4].id])
        #expect(try left() == [2, 3, 4, 5])
        try self.store.keep(only: [])
        #expect(try left() == [2, 4, 5])
    }

    @Test("a transfer stays while it is named, and while it is newer than what is pinned")
    func keepTransfer() throws {
        let own = try self.store.capture([1], at: position(5))
        let (foreign, _) = try foreignSnapshot([2], at: position(9))
        _ = try self.store.begin(foreign)
        self.store.pin([own.id])
        try self.store.keep(only: [])
        #expect(try self.store.transfer() == foreign)
        let newer = try self.store.capture([1], at: position(10))
        self.store.pin([newer.id])
        try self.store.keep(only: [foreign.id])
        #expect(try self.store.transfer() == foreign)
        try self.store.keep(only: [newer.id])
        #expect(try self.store.transfer() == nil)
    }

    @Test("the file is used again: taking and dropping snapshots does not make it grow for ever")
    func reuse() throws {
        // Room for three and a little: if pages were lost, it would be used up soon.
        let directory = try TemporaryDirectory()
        let store = try open(directory, snapshotMapBytes: 34 * Snapshot.chunkBytes).snapshots
        for round in 1...20 as ClosedRange<UInt64> {
            let snapshot = try store.capture(content(8 * Snapshot.chunkBytes + 9, seed: round), at: position(round))
            store.pin([snapshot.id])
            try store.keep(only: [])
            try store.sweepAll()
            #expect(try store.chunkCount() == 9)
        }
    }
}

@Suite("SnapshotStore, transfers")
struct SnapshotTransferTests {
    private let directory: TemporaryDirectory

    init() throws { self.directory = try TemporaryDirectory() }

    @Test("a transfer goes on after a restart where it was, and is recovered as the one under way")
    func resumed() throws {
        let bytes = content(5 * Snapshot.chunkBytes - 1)
        let (snapshot, chunks) = try foreignSnapshot(bytes, at: position(9))
        for number in 0..<chunks.count {
            let database = try open(self.directory)
            #expect(try database.recover().fetching == (number == 0 ? nil : snapshot))
            #expect(try database.snapshots.begin(snapshot) == UInt32(number))
            #expect(try database.snapshots.store(UInt32(number), chunks[number], of: snapshot.id) == UInt32(number) + 1)
        }
        var database = try open(self.directory)
        #expect(try database.snapshots.begin(snapshot) == 5)
        #expect(try database.snapshots.complete(snapshot) == true)
        #expect(try database.recover().fetching == nil)
        _ = try database.commit([write(1, term: 1, snapshot: snapshot, replacesLog: true)])
        _ = consume database
        let again = try open(self.directory)
        #expect(try again.recover().snapshots == [snapshot])
        #expect(try again.recover().fetching == nil)
        #expect(try again.snapshots.bytes(of: snapshot.id) == bytes)
    }

    @Test("chunks that come twice, too early, too long, too short or for something else change nothing")
    func unwanted() throws {
        let store = try open(self.directory).snapshots
        let (snapshot, chunks) = try foreignSnapshot(content(2 * Snapshot.chunkBytes + 10), at: position(9))
        let (other, _) = try foreignSnapshot(content(10), at: position(8))
        #expect(try store.store(0, chunks[0], of: snapshot.id) == 0)
        #expect(try store.begin(snapshot) == 0)
        #expect(try store.store(1, chunks[1], of: snapshot.id) == 0)
        #expect(try store.store(0, chunks[0], of: snapshot.id) == 1)
        #expect(try store.store(0, chunks[0], of: snapshot.id) == 1)
        #expect(try store.store(1, chunks[2], of: snapshot.id) == 1)
        #expect(try store.store(1, chunks[1] + [0], of: snapshot.id) == 1)
        #expect(try store.store(0, content(10), of: other.id) == 0)
        #expect(try store.store(1, chunks[1], of: snapshot.id) == 2)
        #expect(try store.store(2, chunks[1], of: snapshot.id) == 2)
        #expect(try store.store(2, chunks[2], of: snapshot.id) == 3)
        #expect(try store.store(3, [], of: snapshot.id) == 3)
        #expect(try store.complete(other) == false)
        #expect(try store.complete(snapshot) == true)
        #expect(try store.store(0, chunks[0], of: snapshot.id) == 3)
        #expect(try store.chunkCount() == 3)
    }

    @Test("another transfer takes the place of the one under way, whose chunks go")
    func abandoned() throws {
        let database = try open(self.directory)
        let store = database.snapshots
        let (first, chunks) = try foreignSnapshot(content(6 * Snapshot.chunkBytes), at: position(9))
        let (second, others) = try foreignSnapshot(content(10), at: position(10))
        _ = try store.begin(first)
        for number in 0..<6 as Range<UInt32> { _ = try store.store(number, chunks[Int(number)], of: first.id) }
        #expect(try store.begin(second) == 0)
        #expect(try database.recover().fetching == second)
        #expect(try store.complete(first) == false)
        #expect(try store.store(0, others[0], of: second.id) == 1)
        try store.sweepAll()
        #expect(try store.chunkCount() == 1)
        #expect(try store.complete(second) == true)
    }

    @Test("bytes that do not make up the digest are dropped, and the transfer begins anew")
    func wrongBytes() throws {
        let store = try open(self.directory).snapshots
        let (snapshot, chunks) = try foreignSnapshot(content(Snapshot.chunkBytes + 10), at: position(9))
        _ = try store.begin(snapshot)
        _ = try store.store(0, content(Snapshot.chunkBytes, seed: 99), of: snapshot.id)
        #expect(try store.store(1, chunks[1], of: snapshot.id) == 2)
        #expect(try store.complete(snapshot) == false)
        #expect(try store.begin(snapshot) == 0)
        for number in 0..<2 as Range<UInt32> { _ = try store.store(number, chunks[Int(number)], of: snapshot.id) }
        #expect(try store.complete(snapshot) == true)
        try store.sweepAll()
        #expect(try store.chunkCount() == 2)
    }

    @Test("what is damaged of a transfer is asked for again, and nothing before it", arguments: [0, 1, 5, 8])
    func damagedTransfer(chunk: Int) throws {
        let bytes = content(9 * Snapshot.chunkBytes)
        let (snapshot, chunks) = try foreignSnapshot(bytes, at: position(9))
        do {
            let store = try open(self.directory).snapshots
            _ = try store.begin(snapshot)
            for number in 0..<9 as Range<UInt32> { _ = try store.store(number, chunks[Int(number)], of: snapshot.id) }
        }
        try damage(self.directory, ChunkKey(snapshot: 1, chunk: UInt32(chunk)))
        let store = try open(self.directory).snapshots
        #expect(try store.begin(snapshot) == UInt32(chunk))
        for number in chunk..<9 { _ = try store.store(UInt32(number), chunks[number], of: snapshot.id) }
        #expect(try store.complete(snapshot) == true)
        #expect(try store.bytes(of: snapshot.id) == bytes)
    }

    @Test("damage after the last chunk came is found before the snapshot counts")
    func damagedAtTheEnd() throws {
        let (snapshot, chunks) = try foreignSnapshot(content(Snapshot.chunkBytes + 10), at: position(9))
        do {
            let store = try open(self.directory).snapshots
            _ = try store.begin(snapshot)
            for number in 0..<2 as Range<UInt32> { _ = try store.store(number, chunks[Int(number)], of: snapshot.id) }
        }
        try damage(self.directory, ChunkKey(snapshot: 1, chunk: 1))
        let store = try open(self.directory).snapshots
        #expect(try store.complete(snapshot) == false)
        #expect(try store.begin(snapshot) == 0)
    }
}
