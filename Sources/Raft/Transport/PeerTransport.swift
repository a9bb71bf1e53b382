public import Logging
public import NIOCore
import NIOHTTP1
import NIOPosix
import OpenSSL
public import RaftCore

/// Connections to the other members. A member sends on the connections it dialed and listens on those it accepted,
/// so a pair has two; answers to calls come back on the connection that carried the call.
///
/// Lossy by design: what can't be sent now is dropped, and the protocol above repeats what matters. All state belongs
/// to `eventLoop`.
// @unchecked: every member but `accept` and `close` must be used on `eventLoop`, which is checked; those two hop.
public final class PeerTransport: @unchecked Sendable {
    public let eventLoop: any EventLoop
    private let identity: PeerIdentity
    private let addresses: [NodeID: PeerAddress]
    private let events: PeerEvents
    private let logger: Logger
    /// How long the upgrade may take, and then the handshake. Set before the first use only.
    var patience = TimeAmount.seconds(5)
    private var links: [NodeID: Link] = [:]
    private var accepted: [NodeID: any Channel] = [:]
    private var isClosed = false

    /// The connection this member dials to another.
    private struct Link {
        var channel: (any Channel)?
        var handler: PeerHandler?
        /// A connection on its way to become `channel`.
        var pending: (any Channel)?
        var attempts = 0
    }

    /// `addresses`: the other members, without this one.
    public init(
        identity: PeerIdentity,
        addresses: [NodeID: PeerAddress],
        eventLoop: any EventLoop,
        events: PeerEvents,
        logger: Logger
    ) {
        self.identity = identity
        self.addresses = addresses
        self.eventLoop = eventLoop
        self.events = events
        self.logger = logger
    }

    // MARK: Use

    /// Dials every other member, now and whenever a connection is lost.
    public func start() {
        self.eventLoop.preconditionInEventLoop()
        for member in self.addresses.keys.sorted() { self.dial(member) }
    }

    /// Queues a message; `flush` sends it.
    public func send(_ message: Message, to member: NodeID) {
        self.eventLoop.preconditionInEventLoop()
        guard let link = self.links[member], let channel = link.channel else { return }
        link.handler?.enqueue(.message(message), on: channel)
    }

    public func flush() {
        for link in self.links.values { link.channel?.flush() }
    }

    /// Asks a member and waits for its answer.
    public func call(_ member: NodeID, _ body: ByteBuffer, timeout: TimeAmount) -> EventLoopFuture<ByteBuffer> {
        self.eventLoop.preconditionInEventLoop()
        guard let link = self.links[member], let channel = link.channel, let handler = link.handler else {
            return self.eventLoop.makeFailedFuture(CallError.notConnected)
        }
        return handler.call(body, on: channel, timeout: timeout)
    }

    public func isConnected(to member: NodeID) -> Bool {
        self.eventLoop.preconditionInEventLoop()
        return self.links[member]?.channel != nil
    }

    public func close() {
        self.eventLoop.execute {
            self.isClosed = true
            for link in self.links.values {
                link.channel?.close(promise: nil)
                link.pending?.close(promise: nil)
            }
            for channel in self.accepted.values { channel.close(promise: nil) }
        }
    }

    // MARK: Accepting

    /// Makes a peer connection of a channel that was just upgraded. May be called on any loop.
    func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.flatSubmit {
            channel.eventLoop.makeCompletedFuture {
                let handshake = Handshake(
                    accepting: Array(self.addresses.keys),
                    as: self.identity,
                    nonce: try SecureRandom.bytes(32)
                )
                try self.install(
                    handshake,
                    on: channel,
                    ready: { peer, _ in self.eventLoop.execute { self.keep(channel, of: peer) } },
                    closed: { failure in
                        if let failure { self.logger.warning("peer refused", metadata: ["reason": "\(failure)"]) }
                    }
                )
            }
        }
    }

    /// A member's newer connection takes the place of its older one.
    private func keep(_ channel: any Channel, of peer: Handshake.Peer) {
        if self.isClosed { return channel.close(promise: nil) }
        self.accepted.updateValue(channel, forKey: peer.node)?.close(promise: nil)
        channel.closeFuture.hop(to: self.eventLoop).whenComplete { _ in
            if self.accepted[peer.node] === channel { self.accepted[peer.node] = nil }
        }
    }

    // MARK: Dialing

    private func dial(_ member: NodeID) {
        guard !self.isClosed, let address = self.addresses[member] else { return }
        self.links[member, default: Link()].attempts += 1
        ClientBootstrap(group: self.eventLoop)
            .connectTimeout(.seconds(1))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: 4 << 20, high: 16 << 20))
            .connect(host: address.resolvableHost, port: Int(address.port))
            .flatMap { channel in self.upgrade(channel, to: member, at: address) }
            .whenComplete { result in
                switch result {
                case .success((let channel, true)): self.begin(channel, with: member)
                case .success((let channel, false)):
                    channel.close(promise: nil)
                    self.lost(member, nil, why: "the server at \(address) does not take peer connections")
                case .failure(let error): self.lost(member, nil, why: "\(error)")
                }
            }
    }

    /// Asks for the peer protocol. A connection that is not upgraded in good time is closed: a stopped process accepts
    /// connections like any other, and never answers.
    private func upgrade(
        _ channel: any Channel,
        to member: NodeID,
        at address: PeerAddress
    ) -> EventLoopFuture<(any Channel, Bool)> {
        self.links[member]?.pending = channel
        if self.isClosed { channel.close(promise: nil) }
        let timer = self.eventLoop.scheduleTask(in: self.patience) { channel.close(promise: nil) }
        let upgraded = Self.requestUpgrade(channel, host: address.authority)
        upgraded.whenComplete { result in
            timer.cancel()
            if case .failure = result { channel.close(promise: nil) }
        }
        return upgraded
    }

    /// False if the server answered the request as plain HTTP.
    private static func requestUpgrade(_ channel: any Channel, host: String) -> EventLoopFuture<(any Channel, Bool)> {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: PeerUpgrade.path)
        head.headers.add(name: "Host", value: host)
        head.headers.add(name: "Content-Length", value: "0")
        let upgrade = NIOTypedHTTPClientUpgradeConfiguration<Bool>(
            upgradeRequestHead: head,
            upgraders: [PeerClientUpgrader()],
            notUpgradingCompletionHandler: { $0.eventLoop.makeSucceededFuture(false) }
        )
        var configuration = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade)
        configuration.leftOverBytesStrategy = .forwardBytes
        do {
            return try channel.pipeline.syncOperations
                .configureUpgradableHTTPClientPipeline(configuration: configuration)
                .map { (channel, $0) }
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    private func begin(_ channel: any Channel, with member: NodeID) {
        if self.isClosed { return channel.close(promise: nil) }
        do {
            let handshake = Handshake(dialing: member, as: self.identity, nonce: try SecureRandom.bytes(32))
            try self.install(
                handshake,
                on: channel,
                ready: { _, handler in
                    self.links[member] = Link(channel: channel, handler: handler)
                    self.logger.debug("peer connected", metadata: ["member": "\(member)"])
                },
                closed: { failure in
                    self.lost(member, channel, why: failure.map { "\($0)" } ?? "the connection was closed")
                }
            )
        } catch {
            channel.close(promise: nil)
            self.lost(member, channel, why: "\(error)")
        }
    }

    /// A connection is gone or never came: another try follows, soon at first, at most a second later each time.
    private func lost(_ member: NodeID, _ channel: (any Channel)?, why: String) {
        if let channel, let current = self.links[member]?.channel, current !== channel { return }
        let attempts = self.links[member]?.attempts ?? 0
        self.links[member] = Link(attempts: attempts)
        if self.isClosed { return }
        if attempts == 1 || attempts % 30 == 0 {
            self.logger.info("peer not connected", metadata: ["member": "\(member)", "reason": "\(why)"])
        }
        let delay = min(1_000, 25 << min(attempts, 6)) + Int64.random(in: 0...50)
        self.eventLoop.scheduleTask(in: .milliseconds(delay)) { self.dial(member) }
    }

    // MARK: Both

    private func install(
        _ handshake: Handshake,
        on channel: any Channel,
        ready: @escaping (Handshake.Peer, PeerHandler) -> Void,
        closed: @escaping (HandshakeError?) -> Void
    ) throws {
        let limit = FrameDecoder.Limit()
        let loop = self.eventLoop
        let deliver = self.events.messages
        weak var installed: PeerHandler?
        let handler = PeerHandler(
            handshake,
            own: self.identity.node,
            limit: limit,
            handshakeTimeout: self.patience,
            events: PeerHandler.Events(
                ready: { peer in if let handler = installed { ready(peer, handler) } },
                messages: { messages in
                    if loop.inEventLoop { deliver(messages) } else { loop.execute { deliver(messages) } }
                },
                call: self.events.call,
                closed: closed
            )
        )
        installed = handler
        try channel.pipeline.syncOperations.addHandlers([
            ByteToMessageHandler(FrameDecoder(limit: limit)), handler,
        ])
    }
}
