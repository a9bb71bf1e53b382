import Testing

@testable import RaftCore

@Suite("The download of a snapshot")
struct SnapshotDownloadTests {
    fileprivate static let last = 1_000

    private static func snapshot(chunks: UInt32) -> Snapshot {
        Snapshot(
            position: LogPosition(index: LogIndex(100), term: Term(3)),
            time: .zero,
            membership: Membership(voters: [NodeID(1)]),
            size: UInt64(chunks - 1) * UInt64(Snapshot.chunkBytes) + UInt64(Self.last),
            chunkCount: chunks,
            digest: [UInt8](repeating: 7, count: Snapshot.digestBytes)
        )
    }

    private static func download(chunks: UInt32 = 10, stored: UInt32 = 0) -> SnapshotDownload {
        var settings = SnapshotDownload.Settings()
        settings.window = 3
        settings.patience = .seconds(10)
        settings.pause = .milliseconds(100)
        settings.pauseMax = .milliseconds(400)
        return SnapshotDownload(
            Self.snapshot(chunks: chunks),
            from: NodeID(1),
            stored: stored,
            settings: settings,
            now: Self.at(0)
        )
    }

    private static func at(_ milliseconds: UInt64) -> Instant { Instant(nanoseconds: 1_000_000 * milliseconds) }

    @Test("a few chunks are asked for at a time, the next one when one is stored, until all are here")
    func window() {
        var download = Self.download(chunks: 5)
        #expect(download.requests(now: Self.at(0)) == [0, 1, 2])
        #expect(download.requests(now: Self.at(1)) == [])
        #expect(download.arrive(1) == true)
        #expect(download.requests(now: Self.at(1)) == [])  // it waits for chunk 0, and takes its place until then
        #expect(download.arrive(0) == true)
        download.stored(upTo: 1)
        #expect(download.requests(now: Self.at(2)) == [3])
        download.stored(upTo: 2)
        #expect(download.requests(now: Self.at(2)) == [4])
        for number in 2...4 as ClosedRange<UInt32> { #expect(download.arrive(number) == true) }
        #expect(!download.isComplete)
        download.stored(upTo: 5)
        #expect(download.isComplete)
        #expect(download.deadline == .never)
        #expect(download.requests(now: Self.at(3)) == [])
    }

    @Test("it goes on where an earlier one stopped")
    func resumes() {
        var download = Self.download(chunks: 10, stored: 7)
        #expect(download.requests(now: Self.at(0)) == [7, 8, 9])
        #expect(Self.download(chunks: 4, stored: 4).isComplete)
    }

    @Test("what does not come is asked for again, after longer and longer pauses")
    func backOff() {
        var download = Self.download()
        var now: UInt64 = 0
        for pause in [100, 200, 400, 400] as [UInt64] {
            #expect(download.requests(now: Self.at(now)) == [0, 1, 2])
            download.failed(1, of: NodeID(1), now: Self.at(now))
            download.failed(2, of: NodeID(1), now: Self.at(now))  // one failure of three: the first has ended them all
            #expect(download.deadline == Self.at(now + pause))
            #expect(download.requests(now: Self.at(now + pause - 1)) == [])
            now += pause
        }
        #expect(download.requests(now: Self.at(now)) == [0, 1, 2])
        #expect(download.arrive(0, at: now) == true)
        download.failed(1, of: NodeID(1), now: Self.at(now))
        #expect(download.deadline == .never)  // chunk 0 is being stored
        download.stored(upTo: 1)
        #expect(download.deadline == Self.at(now + 100))
    }

    @Test("a source that says nothing is asked anew, and one that is slow is not")
    func silence() {
        var download = Self.download()
        #expect(download.requests(now: Self.at(0)) == [0, 1, 2])
        #expect(download.deadline == Self.at(10_000))
        #expect(download.arrive(0, at: 9_000) == true)
        download.stored(upTo: 1)
        #expect(download.requests(now: Self.at(9_000)) == [3])
        #expect(download.deadline == Self.at(19_000))
        #expect(download.requests(now: Self.at(19_000)) == [])
        #expect(download.deadline == Self.at(19_100))
        #expect(download.requests(now: Self.at(19_100)) == [1, 2, 3])
    }

    @Test("a chunk that comes late, twice, with a wrong length or out of nowhere does no harm")
    func strays() {
        var download = Self.download(chunks: 5)
        _ = download.requests(now: Self.at(0))
        download.failed(0, of: NodeID(1), now: Self.at(0))
        #expect(download.arrive(0) == true)  // late, and welcome
        #expect(download.arrive(0) == false)
        download.stored(upTo: 1)
        #expect(download.arrive(0) == false)
        #expect(download.received(9, byteCount: Snapshot.chunkBytes, now: Self.at(1)) == false)
        #expect(download.requests(now: Self.at(200)) == [1, 2, 3])
        #expect(download.received(2, byteCount: 5, now: Self.at(200)) == false)
        #expect(download.requests(now: Self.at(201)) == [])
        #expect(download.requests(now: Self.at(300)) == [1, 2, 3])
    }

    @Test("another member that offers the same snapshot is asked for the rest")
    func anotherSource() {
        var download = Self.download()
        _ = download.requests(now: Self.at(0))
        #expect(download.arrive(0) == true)
        download.stored(upTo: 1)
        download.failed(1, of: NodeID(1), now: Self.at(1))
        download.offered(by: NodeID(2), now: Self.at(2))
        #expect(download.source == NodeID(2))
        #expect(download.requests(now: Self.at(2)) == [1, 2, 3])
        download.offered(by: NodeID(2), now: Self.at(3))  // with each heartbeat
        #expect(download.requests(now: Self.at(3)) == [])
        download.failed(2, of: NodeID(1), now: Self.at(4))  // that it is gone is learnt late
        #expect(download.requests(now: Self.at(500)) == [])
    }

    @Test("a chunk that could not be stored is asked for again")
    func dropped() {
        var download = Self.download()
        _ = download.requests(now: Self.at(0))
        #expect(download.arrive(0) == true)
        download.dropped(0, now: Self.at(0))
        #expect(download.requests(now: Self.at(100)) == [0])
    }
}

extension SnapshotDownload {
    /// Lets a chunk arrive, with the length that it should have.
    fileprivate mutating func arrive(_ number: UInt32, at milliseconds: UInt64 = 0) -> Bool {
        let isLast = number == self.snapshot.chunkCount - 1
        let count = isLast ? SnapshotDownloadTests.last : Snapshot.chunkBytes
        return self.received(number, byteCount: count, now: Instant(nanoseconds: 1_000_000 * milliseconds))
    }
}
