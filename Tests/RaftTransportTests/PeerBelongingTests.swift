import NIOCore
import RaftCore
import RaftTestSupport
import Testing

@testable import RaftTransport

@Suite("Who is connected to whom")
struct PeerBelongingTests {
    private static let heartbeat = Message.append(
        AppendRequest(term: Term(1), previous: .zero, entries: [], commit: .zero, round: 1)
    )

    @Test("both sides learn which disk the other lives on")
    func met() async throws {
        let pair = try await Pair()
        #expect(try await pair.connect())
        #expect(await eventually { pair.acceptor.met == [NodeID(1): Incarnation(1)] })
        #expect(pair.dialer.met == [NodeID(2): Incarnation(2)])
        await pair.close()
    }

    @Test("a member whose process ends is lost to the others at once")
    func lost() async throws {
        let pair = try await Pair()
        #expect(try await pair.connect())
        #expect(await eventually { !pair.acceptor.met.isEmpty })
        pair.dialer.transport.close()
        #expect(await eventually { pair.acceptor.lost == [NodeID(1)] })
        #expect(pair.dialer.lost.isEmpty)
        await pair.close()
    }

    @Test("a connection that a newer one replaces is no sign of a process that ended")
    func superseded() async throws {
        let pair = try await Pair()
        #expect(try await pair.connect())
        #expect(await eventually { !pair.acceptor.met.isEmpty })
        let newer = TestMember(1, of: [NodeID(2): pair.listener.address])
        try await newer.start()
        // The first member's connection is cut for the second's sake, and dialed again: they take turns.
        #expect(await eventually { pair.listener.acceptedCount >= 8 })
        #expect(pair.acceptor.lost.isEmpty)
        newer.transport.close()
        await pair.close()
    }

    @Test("a connection that this side gives up for its silence is none either")
    func silent() async throws {
        let pair = try await Pair(configure: {
            $0.patience.pingInterval = .milliseconds(20)
            $0.patience.silence = .nanoseconds(1)
        })
        try await pair.dialer.start()
        #expect(await eventually { pair.listener.acceptedCount >= 6 })
        #expect(pair.dialer.lost.isEmpty)
        await pair.close()
    }

    @Test("a member that can't be dialed is answered on the connection it dialed")
    func answersOnAccepted() async throws {
        let pair = try await Pair()
        #expect(try await pair.connect())
        try await pair.acceptor.update([:])
        #expect(await eventually { !pair.acceptor.met.isEmpty })
        try await pair.acceptor.send([Self.heartbeat], to: 1)
        #expect(
            await eventually {
                pair.dialer.received == [Envelope(from: NodeID(2), to: NodeID(1), message: Self.heartbeat)]
            }
        )
        await pair.close()
    }

    @Test("members that join are dialed and those that leave dropped, and the others notice nothing")
    func update() async throws {
        let pair = try await Pair()
        let third = try await PeerListener.open()
        let newcomer = TestMember(3, of: [:])
        third.serve(newcomer.transport)
        #expect(try await pair.connect())
        try await pair.dialer.update([NodeID(2): pair.listener.address, NodeID(3): third.address])
        #expect(try await eventually { try await pair.dialer.isConnected(to: 3) })
        #expect(pair.listener.acceptedCount == 2)
        try await pair.dialer.update([NodeID(3): third.address])
        #expect(await eventually { pair.listener.openCount == 0 })
        #expect(try await !pair.dialer.isConnected(to: 2))
        #expect(third.acceptedCount == 2 && third.openCount == 2)
        newcomer.transport.close()
        await third.close()
        await pair.close()
    }

    @Test("a member that moves is dialed at its new address")
    func moves() async throws {
        let pair = try await Pair()
        #expect(try await pair.connect())
        let elsewhere = try await PeerListener.open()
        elsewhere.serve(pair.acceptor.transport)
        try await pair.dialer.update([NodeID(2): elsewhere.address])
        #expect(await eventually { elsewhere.openCount == 2 && pair.listener.openCount == 0 })
        #expect(try await eventually { try await pair.dialer.isConnected(to: 2) })
        await elsewhere.close()
        await pair.close()
    }

    @Test("a member that comes back on another disk is turned away, knows it, and does not knock all the time")
    func otherDisk() async throws {
        let pair = try await Pair()
        let known = Membership(members: [Member(id: NodeID(1), incarnation: Incarnation(99)), Member(id: NodeID(2))])
        try await pair.acceptor.update([:], committed: known)
        try await pair.dialer.start()
        #expect(
            try await eventually { try await pair.dialer.status().refusedBy == [NodeID(2): .otherDisk] }
        )
        #expect(try await !pair.dialer.isConnected(to: 2))
        #expect(try await eventually { try await pair.acceptor.status().failedHandshakes >= 2 })
        #expect(try await pair.acceptor.status().turnedAway == [NodeID(1): .otherDisk])
        #expect(pair.acceptor.met.isEmpty)
        // Two lanes knocked once or twice; in the time that one of them alone takes now, dozens would have fitted.
        let knocks = pair.listener.acceptedCount
        #expect(knocks <= 12)
        // Once it is known for this disk, it is welcome.
        let mended = Membership(members: [Member(id: NodeID(1), incarnation: Incarnation(1)), Member(id: NodeID(2))])
        try await pair.acceptor.update([:], committed: mended)
        #expect(try await eventually { try await pair.dialer.isConnected(to: 2) })
        #expect(try await pair.dialer.status().refusedBy.isEmpty)
        #expect(try await pair.acceptor.status().turnedAway.isEmpty)
        await pair.close()
    }

    @Test("a member that is removed loses its connections, and is told why when it comes again")
    func removed() async throws {
        let pair = try await Pair()
        #expect(try await pair.connect())
        #expect(await eventually { !pair.acceptor.met.isEmpty })
        let both = Membership(voters: [NodeID(2), NodeID(5)])
        try await pair.acceptor.update([:], committed: both)
        #expect(try await eventually { try await pair.dialer.status().refusedBy == [NodeID(2): .removed] })
        #expect(try await !pair.dialer.isConnected(to: 2))
        #expect(pair.acceptor.lost.isEmpty)
        await pair.close()
    }

    @Test("strangers who never prove anything don't keep members out")
    func strangers() async throws {
        let pair = try await Pair(configure: { $0.patience.handshake = .milliseconds(300) })
        var idle: [any Channel] = []
        for _ in 0..<WireLimits.strangersMax + 10 { idle.append(try await Stranger.knock(at: pair.listener.address)) }
        // The last ones find no room and are cut off at once; the others when their time is up.
        #expect(await eventually { idle.filter(\.isActive).count <= WireLimits.strangersMax })
        #expect(try await pair.connect())
        for channel in idle { try? await channel.close() }  // fails if it is closed already
        await pair.close()
    }

    @Test("one host that is no member's has a few connections in a handshake, and those it has beyond are counted")
    func stranger() async throws {
        let pair = try await Pair()
        var idle: [any Channel] = []
        for _ in 0..<WireLimits.strangersOfOneHostMax + 12 {
            idle.append(try await Stranger.knock(at: pair.listener.address, from: "127.0.0.2"))
        }
        #expect(await eventually { idle.filter(\.isActive).count <= WireLimits.strangersOfOneHostMax })
        #expect(try await eventually { try await pair.acceptor.status().failedHandshakes >= 12 })
        #expect(try await pair.connect())
        // Those that were let in and say nothing are counted when their time is up.
        #expect(try await eventually { try await pair.acceptor.status().failedHandshakes == idle.count })
        #expect(await eventually { idle.allSatisfy { !$0.isActive } })
        await pair.close()
    }
}
