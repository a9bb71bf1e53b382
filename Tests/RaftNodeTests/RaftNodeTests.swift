import NIOCore
import Raft
import RaftCore
import RaftTestSupport
import RaftTransport
import Synchronization
import Testing

@Suite("A node")
struct RaftNodeTests {
    @Test("a sole member leads at once, and answers with what applying gave")
    func soleMember() async throws {
        let cluster = try await TestCluster.started(size: 1)
        let node = try #require(cluster.node(NodeID(1)))
        #expect(try await node.leader(waiting: .seconds(30)) == NodeID(1))
        for count in 1...20 {
            #expect(try await node.propose(Array("\(count)".utf8), timeout: .seconds(30)) == count)
        }
        #expect(try await node.read(timeout: .seconds(30)).machine.items == (1...20).map(String.init))
        let local = await node.local()
        #expect(local.staleness == .zero)
        #expect(local.index == node.status.applied.index)
        await cluster.stopAll()
    }

    @Test("what was acknowledged is there again after a restart")
    func restart() async throws {
        let cluster = try await TestCluster.started(size: 1)
        for text in ["a", "b", "c"] { #expect(try await cluster.append(text) != nil) }
        await cluster.stop(NodeID(1))
        try await cluster.start(NodeID(1))
        let node = try #require(try await cluster.leader())
        #expect(try await node.read(timeout: .seconds(30)).machine.items == ["a", "b", "c"])
        #expect(try await node.propose(Array("d".utf8), timeout: .seconds(30)) == 4)
        await cluster.stopAll()
    }

    @Test("proposals made together are each answered once, in the order of the log")
    func concurrentProposals() async throws {
        let cluster = try await TestCluster.started(size: 3)
        let leader = try #require(try await cluster.leader())
        let answers = try await withThrowingTaskGroup(of: (String, Int).self) { group in
            for number in 0..<500 {
                group.addTask {
                    ("\(number)", try await leader.propose(Array("\(number)".utf8), timeout: .seconds(60)))
                }
            }
            var answers: [String: Int] = [:]
            for try await (text, place) in group { answers[text] = place }
            return answers
        }
        let items = try await leader.read(timeout: .seconds(30)).machine.items
        #expect(items.count == 500)
        for (place, text) in items.enumerated() { #expect(answers[text] == place + 1) }
        #expect(await cluster.agrees(on: items))
        #expect(leader.status.openProposals == 0)
        await cluster.stopAll()
    }

    @Test("a follower accepts no proposals, and says who leads; reads it serves")
    func followers() async throws {
        let cluster = try await TestCluster.started(size: 3)
        let leader = try #require(try await cluster.leader()).identity.node
        for follower in cluster.running where follower.identity.node != leader {
            #expect(try await follower.leader(waiting: .seconds(30)) == leader)
            await #expect(throws: ProposalError.notAccepted(leader: leader)) {
                try await follower.propose(Array("no".utf8), timeout: .seconds(30))
            }
            _ = try await follower.read(timeout: .seconds(30))
            // Somebody may lead before all have dialed each other.
            let answer = "\(leader) to \(follower.identity.node): hello"
            #expect(
                await eventually {
                    let call = try? await follower.call(leader, ByteBuffer(string: "hello"), timeout: .seconds(30))
                    return call.map { String(buffer: $0) } == answer
                }
            )
        }
        #expect(await cluster.agrees(on: []))
        await cluster.stopAll()
    }

    @Test("a read at a follower sees everything that was acknowledged before it, however far behind the follower is")
    func followerReads() async throws {
        let cluster = try await TestCluster.started(size: 3)
        let leader = try #require(try await cluster.leader())
        let followers = cluster.running.filter { $0.identity.node != leader.identity.node }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<32 {
                group.addTask {
                    for number in 0..<20 {
                        let payload = Array("\(writer)-\(number)".utf8)
                        let place = try await leader.propose(payload, timeout: .seconds(60))
                        let seen = try await followers[number % 2].read(timeout: .seconds(60))
                        #expect(seen.machine.items.count >= place)
                    }
                }
            }
            try await group.waitForAll()
        }
        await cluster.stopAll()
    }

    @Test("a follower that was away catches up, from its own disk and from the leader")
    func followerReturns() async throws {
        let cluster = try await TestCluster.started(size: 3)
        var items = (0..<50).map { "before \($0)" }
        for text in items { #expect(try await cluster.append(text) != nil) }
        let leader = try #require(try await cluster.leader()).identity.node
        let away = try #require(cluster.members.first { $0 != leader })
        await cluster.stop(away)
        for number in 0..<50 {
            items.append("meanwhile \(number)")
            #expect(try await cluster.append("meanwhile \(number)") != nil)
        }
        try await cluster.start(away)
        #expect(await cluster.agrees(on: items))
        await cluster.stopAll()
    }

    @Test("when the leader goes, another one follows, and nothing that was acknowledged is lost")
    func leaderGoes() async throws {
        let cluster = try await TestCluster.started(size: 3)
        _ = try #require(try await cluster.leader())
        let acknowledged = Mutex<[String]>([])
        let isOver = Mutex(false)
        async let writer: Void = {
            var number = 0
            while !isOver.withLock({ $0 }) {
                if try await cluster.append("\(number)") != nil { acknowledged.withLock { $0.append("\(number)") } }
                number += 1
            }
        }()
        for _ in 0..<3 {
            let before = acknowledged.withLock { $0.count }
            #expect(await eventually { acknowledged.withLock { $0.count } > before + 20 })
            let leader = try #require(try await cluster.leader()).identity.node
            await cluster.stop(leader)
            let successor = try #require(try await cluster.leader())
            #expect(successor.identity.node != leader)
            try await cluster.start(leader)
        }
        isOver.withLock { $0 = true }
        try await writer
        let leader = try #require(try await cluster.leader())
        let items = try await leader.read(timeout: .seconds(30)).machine.items
        #expect(Set(items).count == items.count, "a command was applied twice")
        let promised = Set(acknowledged.withLock { $0 })
        #expect(items.filter(promised.contains) == acknowledged.withLock { $0 })
        #expect(await cluster.agrees(on: items))
        await cluster.stopAll()
    }

    @Test("when all members go and come back, everything acknowledged is there")
    func allRestart() async throws {
        let cluster = try await TestCluster.started(size: 3)
        let items = (0..<30).map { "\($0)" }
        for text in items { #expect(try await cluster.append(text) != nil) }
        for member in cluster.members { await cluster.stop(member) }
        for member in cluster.members { try await cluster.start(member) }
        _ = try #require(try await cluster.leader())
        #expect(await cluster.agrees(on: items))
        await cluster.stopAll()
    }

    @Test("without a majority nothing is acknowledged, and nobody waits for ever")
    func noMajority() async throws {
        let cluster = try await TestCluster.started(size: 3)
        let leader = try #require(try await cluster.leader())
        for member in cluster.members where member != leader.identity.node { await cluster.stop(member) }
        await #expect(throws: ProposalError.self) {
            try await leader.propose(Array("lost".utf8), timeout: .seconds(2))
        }
        await #expect(throws: ReadError.self) { try await leader.read(timeout: .seconds(2)) }
        // It knows that it can't lead, and steps down.
        #expect(await eventually { leader.status.consensus.role != .leader })
        #expect(try await leader.leader(waiting: .milliseconds(50)) == nil)
        try await leader.applied(beyond: LogIndex(1_000), waiting: .milliseconds(50))
        await cluster.stopAll()
    }

    @Test("a node that shuts down answers whoever still waits")
    func shutdown() async throws {
        let cluster = try await TestCluster.started(size: 3)
        let leader = try #require(try await cluster.leader())
        for member in cluster.members where member != leader.identity.node { await cluster.stop(member) }
        async let proposal = leader.propose(Array("open".utf8), timeout: .seconds(60))
        async let read = leader.read(timeout: .seconds(60))
        async let watch: Void = leader.applied(beyond: LogIndex(1_000), waiting: .seconds(60))
        await cluster.stop(leader.identity.node)
        do {
            _ = try await proposal
            Issue.record("a proposal was acknowledged without a majority")
        } catch {
            #expect(error is ProposalError)
        }
        do {
            _ = try await read
            Issue.record("a read was served without a majority")
        } catch {
            #expect(error is ReadError)
        }
        try await watch
        await #expect(throws: ProposalError.notAccepted(leader: nil)) {
            try await leader.propose([], timeout: .seconds(60))
        }
        await #expect(throws: ReadError.notServed(leader: nil)) { try await leader.read(timeout: .seconds(60)) }
        await cluster.stopAll()
    }

    @Test("a command too large for an entry is refused for certain, and the largest one is replicated")
    func commandSizes() async throws {
        // A debug build takes its time over megabytes.
        let cluster = try await TestCluster.started(size: 3, patience: .seconds(4))
        let leader = try #require(try await cluster.leader())
        let largest = [UInt8](repeating: 120, count: Entry.payloadBytesMax)
        await #expect(throws: ProposalError.tooLarge) {
            try await leader.propose(largest + [120], timeout: .seconds(5))
        }
        #expect(try await leader.propose(largest, timeout: .seconds(60)) == 1)
        #expect(try await cluster.append("after") == 2)
        #expect(await cluster.agrees(on: [String(decoding: largest, as: UTF8.self), "after"]))
        await cluster.stopAll()
    }

    @Test("a node that was shut down and let go leaves nothing behind")
    func release() async throws {
        let cluster = try await TestCluster(size: 1)
        weak var token: AppendList.Token?
        do {
            let held = AppendList.Token()
            token = held
            let node = try await cluster.start(NodeID(1), machine: AppendList(token: held))
            #expect(try await node.leader(waiting: .seconds(30)) == NodeID(1))
            #expect(try await node.propose(Array("a".utf8), timeout: .milliseconds(500)) == 1)
        }
        #expect(token != nil)
        await cluster.stopAll()
        #expect(await eventually { token == nil })
    }
}
