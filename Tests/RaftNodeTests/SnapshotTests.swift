import Raft
import RaftCore
import RaftTestSupport
import RaftTransport
import Testing

@Suite("Snapshots")
struct SnapshotTests {
    @Test("a member starts from its snapshot, and the log goes on behind it")
    func restart() async throws {
        let cluster = try await TestCluster.started(size: 3) { settings in
            settings.snapshotEntries = 20
            settings.trailingEntries = 2
        }
        let items = (0..<90).map { "\($0)" }
        for text in items { #expect(try await cluster.append(text) != nil) }
        #expect(await cluster.agrees(on: items))
        let node = try #require(cluster.node(NodeID(3)))
        #expect(await eventually { node.status.consensus.base.index > LogIndex(60) })
        #expect(node.status.snapshots.taken >= 4)
        let snapshot = node.status.consensus.snapshot
        for member in cluster.members { await cluster.stop(member) }

        // Alone it has nobody who could tell it what is committed: what it knows is what its snapshot says.
        let alone = try await cluster.start(NodeID(3))
        let local = await alone.local()
        #expect(local.index == snapshot.index)
        #expect(local.machine.items == Array(items.prefix(local.machine.items.count)))
        #expect(local.machine.items.count >= 60)
        #expect(alone.status.consensus.logEntries < 30)
        for member in [NodeID(1), NodeID(2)] { try await cluster.start(member) }
        #expect(try await cluster.append("more") == 91)
        #expect(await cluster.agrees(on: items + ["more"]))
        await cluster.stopAll()
    }

    @Test("a member that was away for longer than the log reaches gets a snapshot")
    func laggard() async throws {
        let cluster = try await TestCluster.started(size: 3) { settings in
            settings.snapshotEntries = 20
            settings.trailingEntries = 2
        }
        #expect(try await cluster.leader() != nil)
        await cluster.stop(NodeID(3))
        #expect(try await cluster.misses(NodeID(3)))
        let items = (0..<100).map { "\($0)" }
        for text in items { #expect(try await cluster.append(text) != nil) }
        let late = try await cluster.start(NodeID(3))
        #expect(await cluster.agrees(on: items))
        #expect(late.status.snapshots.installed >= 1)
        #expect(late.status.snapshots.pulled == nil)
        await cluster.stopAll()
    }

    /// The link from the leader is slow, so that there is time to interrupt what goes over it.
    @Test("a transfer that is interrupted goes on where it stopped, after both ends were started anew")
    func interrupted() async throws {
        let cluster = try await TestCluster.started(size: 3) { settings in
            settings.snapshotWeight = 3 << 20
            settings.trailingEntries = 2
        }
        #expect(try await cluster.leader() != nil)
        await cluster.stop(NodeID(3))
        #expect(try await cluster.misses(NodeID(3)))
        let text = String(repeating: "x", count: 100_000)
        for number in 0..<40 { #expect(try await cluster.append("\(number) \(text)") != nil) }
        let leader = try #require(try await cluster.leader())
        #expect(await eventually { leader.status.consensus.base.index > LogIndex(20) })
        for member in [NodeID(1), NodeID(2)] {
            let listener = try #require(cluster.listener(member))
            listener.bytesPerSecond = 2 << 20
            listener.cut()
        }

        let receiver = try await cluster.start(NodeID(3))
        #expect(await eventually(within: .seconds(60)) { (receiver.status.snapshots.pulled?.chunksHere ?? 0) >= 4 })
        let pulled = try #require(receiver.status.snapshots.pulled)
        await cluster.stop(NodeID(3))
        let firstHalf = receiver.status.snapshots.chunksReceived
        #expect(firstHalf < Int(pulled.chunks))
        for member in [NodeID(1), NodeID(2)] {
            await cluster.stop(member)
            try #require(cluster.listener(member)).bytesPerSecond = nil
            try await cluster.start(member)
        }
        let again = try await cluster.start(NodeID(3))
        #expect(await eventually(within: .seconds(60)) { again.status.snapshots.installed == 1 })
        let secondHalf = again.status.snapshots.chunksReceived
        // What was on its way when the first half ended is sent again, and no more.
        #expect(firstHalf + secondHalf >= Int(pulled.chunks))
        #expect(firstHalf + secondHalf <= Int(pulled.chunks) + 4)
        #expect(cluster.running.reduce(0) { $0 + $1.status.snapshots.chunksSent } <= secondHalf + 4)
        let leading = try #require(try await cluster.leader())
        let items = try await leading.read(timeout: .seconds(30)).machine.items
        #expect(items.count == 40)
        #expect(await cluster.agrees(on: items))
        await cluster.stopAll()
    }
}
