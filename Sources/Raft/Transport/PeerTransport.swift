import Checksum
public import Logging
public import NIOCore
import OpenSSL
public import RaftCore

/// Connections to the other members. A member dials each of the others, and listens to those that dial it: a pair that
/// can reach each other has two connections on each lane. Answers to calls come back on the connection that carried
/// the call.
///
/// Lossy by design: what can't be sent now is dropped, and the protocol above repeats what matters. All state belongs
/// to `eventLoop`.
// @unchecked: every member but `accept` and `close` must be used on `eventLoop`, which most of them check; those hop.
public final class PeerTransport: @unchecked Sendable {
    /// Where the transport lives. Connections that others have dialed may live elsewhere.
    public let eventLoop: any EventLoop
    let identity: PeerIdentity
    /// What the checksums of this member's frames begin with.
    private let seed: CRC32C
    let events: PeerEvents
    let logger: Logger
    let door = Door()
    /// Nil for connections in the clear.
    let security: PeerSecurity?
    /// Set before the first use only.
    var patience = PeerHandler.Patience()
    var accepted: [LaneKey: Accepted] = [:]
    var isClosed = false
    /// To be read on the event loop; `PeerEvents.statusChanged` tells when it is another one.
    public internal(set) var status = TransportStatus()
    private var peers: [NodeID: PeerAddress]
    private var links: [LaneKey: PeerLink] = [:]
    private var hasStarted = false
    /// Connections with something to flush.
    private var unflushed: [any Channel] = []
    /// Why connections failed, as far as it was logged. Bounded: strangers must not fill the log.
    private var loggedReasons: Set<String> = []

    /// `peers`: the members to dial, without this one; `update` changes them.
    public init(
        identity: PeerIdentity,
        peers: [NodeID: PeerAddress],
        eventLoop: any EventLoop,
        security: PeerSecurity? = nil,
        events: PeerEvents,
        logger: Logger
    ) {
        self.identity = identity
        self.seed = CRC32C(identity)
        self.peers = peers
        self.eventLoop = eventLoop
        self.security = security
        self.events = events
        self.logger = logger
        self.door.expect(peers.values)
    }

    // MARK: Peers

    /// Dials every other member, now and whenever a connection is lost.
    public func start() {
        self.eventLoop.preconditionInEventLoop()
        self.hasStarted = true
        self.dialMissing()
    }

    /// The members to dial have changed, or who is let in. Connections that are still wanted are not touched.
    public func update(peers: [NodeID: PeerAddress], admitting admissions: Admissions) {
        self.eventLoop.preconditionInEventLoop()
        self.door.admissions = admissions
        self.door.expect(peers.values)
        self.peers = peers
        for (key, link) in self.links where peers[key.member] != link.address {
            self.links[key] = nil
            link.close()
        }
        for link in self.links.values {
            if let peer = link.connection?.peer, !self.isWelcome(peer) { link.hangUp() }
        }
        for (key, connection) in self.accepted where !self.isWelcome(connection.peer) {
            self.accepted[key] = nil
            connection.channel.close(promise: nil)
        }
        if self.hasStarted { self.dialMissing() }
        self.noteConnections()
    }

    private func isWelcome(_ peer: Handshake.Peer) -> Bool {
        self.door.admission(of: peer.node, peer.incarnation) == .welcome
    }

    private func dialMissing() {
        for member in self.peers.keys.sorted() {
            self.dial(LaneKey(member: member, lane: .consensus))
            self.dial(LaneKey(member: member, lane: .calls))
        }
    }

    private func dial(_ key: LaneKey) {
        guard !self.isClosed, self.links[key] == nil, let address = self.peers[key.member] else { return }
        let link = PeerLink(key, at: address, self)
        self.links[key] = link
        link.dial()
    }

    // MARK: Use

    /// Queues a message; `flush` sends it. Goes out on the connection this member dialed, or else on the one it
    /// accepted: a member that can't reach the other, or does not know where it is, can answer it all the same.
    public func send(_ message: Message, to member: NodeID) {
        self.eventLoop.preconditionInEventLoop()
        let key = LaneKey(member: member, lane: .consensus)
        guard let channel = self.links[key]?.connection?.channel ?? self.accepted[key]?.channel, channel.isWritable
        else {
            self.status.messagesDropped += 1
            return
        }
        PeerHandler.enqueue(.message(message), seed: self.seed, on: channel)
        if !self.unflushed.contains(where: { $0 === channel }) { self.unflushed.append(channel) }
    }

    /// Sends what `send` has queued: once for many messages, rather than for each. On the event loop only.
    public func flush() {
        for channel in self.unflushed { channel.flush() }
        self.unflushed.removeAll(keepingCapacity: true)
    }

    /// Asks a member and waits for its answer.
    public func call(_ member: NodeID, _ body: ByteBuffer, timeout: TimeAmount) -> EventLoopFuture<ByteBuffer> {
        self.ask(LaneKey(member: member, lane: .calls), body, timeout)
    }

    /// Asks a member for a chunk of a snapshot; nil if it has none. The first question dials the lane for it, and
    /// finds it not connected.
    public func chunk(
        _ number: UInt32,
        of snapshot: Snapshot.ID,
        from member: NodeID,
        timeout: TimeAmount
    ) -> EventLoopFuture<[UInt8]?> {
        let key = LaneKey(member: member, lane: .snapshots)
        self.dial(key)
        return self.ask(key, ChunkRequest(number, of: snapshot).body, timeout)
            .map { answer in answer.readableBytes == 0 ? nil : Array(answer.readableBytesView) }
    }

    /// No more chunks are wanted from anybody but that member, for now.
    public func closeSnapshotLanes(except member: NodeID?) {
        self.eventLoop.preconditionInEventLoop()
        for (key, link) in self.links where key.lane == .snapshots && key.member != member {
            self.links[key] = nil
            link.close()
        }
    }

    private func ask(_ key: LaneKey, _ body: ByteBuffer, _ timeout: TimeAmount) -> EventLoopFuture<ByteBuffer> {
        self.eventLoop.preconditionInEventLoop()
        guard let connection = self.links[key]?.connection else {
            return self.eventLoop.makeFailedFuture(CallError.notConnected)
        }
        return connection.handler.call(body, on: connection.channel, timeout: timeout)
    }

    /// Whether messages to that member, and calls, would go out.
    public func isConnected(to member: NodeID) -> Bool {
        self.eventLoop.preconditionInEventLoop()
        return [Lane.consensus, .calls].allSatisfy { lane in
            self.links[LaneKey(member: member, lane: lane)]?.connection != nil
        }
    }

    /// Ends all connections and dials nobody any more, for good. May be called on any thread, and returns before that
    /// is done.
    public func close() {
        self.eventLoop.execute {
            self.isClosed = true
            for link in self.links.values { link.close() }
            self.links = [:]
            for connection in self.accepted.values { connection.channel.close(promise: nil) }
        }
    }

    // MARK: What links tell

    func linkOpened(_ link: PeerLink, _ peer: Handshake.Peer) {
        self.welcomed(peer)
        self.status.refusedBy[peer.node] = nil
        self.noteConnections()
        self.logger.debug("peer connected", metadata: ["member": "\(peer.node)", "lane": "\(peer.lane)"])
    }

    func linkEnded(_ link: PeerLink, wasOpen: Bool, _ ending: PeerHandler.Ending) {
        switch ending {
        case .refused(let error): self.refused(error, by: link.key.member)
        case .byHost where wasOpen && link.key.lane == .consensus: self.events.lost(link.key.member)
        case .byHost, .here: break
        }
        if wasOpen { self.noteConnections() }
    }

    // MARK: Both directions

    func welcomed(_ peer: Handshake.Peer) {
        self.status.turnedAway[peer.node] = nil
        if peer.lane == .consensus { self.events.met(peer.node, peer.incarnation) }
    }

    /// Counts a failed handshake, and logs it once for each member and reason.
    func refused(_ error: HandshakeError, by member: NodeID?) {
        self.status.failedHandshakes += 1
        switch error.side {
        case .peer(let peer, let admission):
            if self.status.turnedAway.updateValue(admission, forKey: peer) != admission {
                self.logger.warning("peer turned away", metadata: ["member": "\(peer)", "reason": "\(error)"])
            }
        case .own(let admission):
            if let member, self.status.refusedBy.updateValue(admission, forKey: member) != admission {
                self.logger.error("turned away by a peer", metadata: ["member": "\(member)", "reason": "\(error)"])
            }
        case .neither:
            if member == nil, self.loggedReasons.count < 64, self.loggedReasons.insert(error.description).inserted {
                self.logger.warning("peer refused", metadata: ["reason": "\(error)"])
            }
        }
        self.events.statusChanged()
    }

    func noteConnections() {
        let connected = self.links.filter { $0.key.lane == .consensus && $0.value.connection != nil }
        self.status.connected = connected.keys.map(\.member).sorted()
        self.status.accepted = self.accepted.keys.filter { $0.lane == .consensus }.map(\.member).sorted()
        self.events.statusChanged()
    }

    /// Whether what comes on that connection counts: it is the newest of its kind from that member. What an older one
    /// still brings was said before the newer one began.
    private func isCurrent(_ channel: any Channel, _ key: LaneKey) -> Bool {
        self.links[key]?.connection?.channel === channel || self.accepted[key]?.channel === channel
    }

    func install(
        _ handshake: Handshake,
        on channel: any Channel,
        ready: @escaping (Handshake.Peer, PeerHandler) -> Void,
        closed: @escaping (PeerHandler.Ending) -> Void
    ) throws {
        let intake = FrameDecoder.Intake()
        let events = self.events
        weak var installed: PeerHandler?
        let handler = PeerHandler(
            handshake,
            own: self.identity,
            intake: intake,
            patience: self.patience,
            events: PeerHandler.Events(
                ready: { peer in if let handler = installed { ready(peer, handler) } },
                messages: { messages in
                    if self.eventLoop.inEventLoop {
                        self.deliver(messages, from: channel)
                    } else {
                        self.eventLoop.execute { self.deliver(messages, from: channel) }
                    }
                },
                call: { lane, call in Self.pass(call, on: lane, to: events) },
                closed: closed
            )
        )
        installed = handler
        try channel.pipeline.syncOperations.addHandlers([
            ByteToMessageHandler(FrameDecoder(intake: intake)), handler,
        ])
    }

    private func deliver(_ messages: [Envelope], from channel: any Channel) {
        guard let sender = messages.first?.from,
            self.isCurrent(channel, LaneKey(member: sender, lane: .consensus))
        else { return }
        self.events.messages(messages)
    }

    private static func pass(_ call: PeerCall, on lane: Lane, to events: PeerEvents) {
        guard lane == .snapshots else { return events.call(call) }
        do throws(WireError) {
            let request = try ChunkRequest(call.body)
            events.chunk(request.number, request.snapshot, call)
        } catch {
            call.answer(ByteBuffer())  // no chunk has a name like that
        }
    }
}
