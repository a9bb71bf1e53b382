import ClusterAPI
import NIOCore
import Testing

@testable import Coordinator

@Suite("Heartbeats on their way to the leader")
struct HeartbeatParcelsTests {
    private static func item(_ worker: String) -> HeartbeatRelay.Batch.Item {
        HeartbeatRelay.Batch.Item(
            worker: worker,
            heartbeat: HeartbeatRequest(eventsProcessed: 1, pipelinesRunning: 2, pipelines: [], incarnation: 3),
            age: 4
        )
    }

    private static func batch(_ parcel: HeartbeatRelay.Parcel) throws -> HeartbeatRelay.Batch {
        var body = parcel.body
        let mark = body.readInteger(as: UInt8.self)
        #expect(mark == HeartbeatRelay.mark)
        return try APIJSON.decode(HeartbeatRelay.Batch.self, from: body.readableBytesView)
    }

    @Test("all go in one call if it carries them, to the byte")
    func one() throws {
        let items = ["a", "b", "c"].map(Self.item)
        let (parcels, unfit) = HeartbeatRelay.parcels(of: items, bytesMax: 1 << 20)
        let parcel = try #require(parcels.first)
        #expect(parcels.count == 1 && unfit.isEmpty)
        #expect(parcel.workers == ["a", "b", "c"])
        let batch = try Self.batch(parcel)
        #expect(batch.items.map(\.worker) == parcel.workers)
        #expect(batch.items.map(\.heartbeat) == items.map(\.heartbeat))
        #expect(batch.items.allSatisfy { $0.age == 4 })
        let length = parcel.body.readableBytes
        #expect(HeartbeatRelay.parcels(of: items, bytesMax: length).parcels.count == 1)
        #expect(HeartbeatRelay.parcels(of: items, bytesMax: length - 1).parcels.count == 2)
        #expect(HeartbeatRelay.parcels(of: [], bytesMax: length).parcels.isEmpty)
    }

    @Test("what one call does not carry goes in several, and what none carries keeps nobody else back")
    func several() throws {
        let bytesMax = 2_000
        let names = (0..<50).map { "w\($0)" }
        let large = String(repeating: "x", count: bytesMax)
        for place in [0, 25, 50] {
            var items = names.map(Self.item)
            items.insert(Self.item(large), at: place)
            let (parcels, unfit) = HeartbeatRelay.parcels(of: items, bytesMax: bytesMax)
            #expect(unfit == [large])
            #expect(parcels.count > 1)
            #expect(parcels.allSatisfy { $0.body.readableBytes <= bytesMax && !$0.workers.isEmpty })
            #expect(parcels.flatMap(\.workers) == names)
            let sent = try parcels.flatMap { parcel in try Self.batch(parcel).items.map(\.worker) }
            #expect(sent == names)
        }
    }
}
