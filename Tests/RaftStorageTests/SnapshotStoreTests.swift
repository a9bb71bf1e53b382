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
}
