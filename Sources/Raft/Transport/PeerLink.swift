import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import OpenSSL
import RaftCore

/// The connection that this member dials to another on one lane: dialed again whenever it is lost, until it is closed
/// for good. Lives on the transport's event loop.
// @unchecked: used on that loop only, where its channels live too; its futures' callbacks run there.
final class PeerLink: @unchecked Sendable {
    struct Connection {
        var channel: any Channel
        var handler: PeerHandler
        var peer: Handshake.Peer
    }

    let key: LaneKey
    let address: PeerAddress
    private(set) var connection: Connection?
    private let transport: PeerTransport
    /// A connection on its way to become `connection`.
    private var pending: (any Channel)?
    /// In vain, one after the other.
    private var attempts = 0
    private var refusals = 0
    private var isClosed = false

    init(_ key: LaneKey, at address: PeerAddress, _ transport: PeerTransport) {
        self.key = key
        self.address = address
        self.transport = transport
    }

    private var eventLoop: any EventLoop { self.transport.eventLoop }

    func close() {
        self.isClosed = true
        self.hangUp()
        self.pending?.close(promise: nil)
    }

    /// Gives the present connection up; another try follows.
    func hangUp() { self.connection?.channel.close(promise: nil) }

    // MARK: Dialing

    func dial() {
        guard !self.isClosed else { return }
        self.attempts += 1
        ClientBootstrap(group: self.eventLoop)
            .connectTimeout(.seconds(1))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: 4 << 20, high: 16 << 20))
            .connect(host: self.address.resolvableHost, port: Int(self.address.port))
            .flatMap { channel in self.upgrade(channel) }
            .whenComplete { result in
                switch result {
                case .success((let channel, true)): self.begin(channel)
                case .success((let channel, false)):
                    channel.close(promise: nil)
                    self.failed("the server at \(self.address) does not take peer connections")
                case .failure(let error): self.failed("\(error)")
                }
            }
    }

    /// Asks for the peer protocol. A connection that is not upgraded in good time is closed: a stopped process accepts
    /// connections like any other, and never answers.
    private func upgrade(_ channel: any Channel) -> EventLoopFuture<(any Channel, Bool)> {
        self.pending = channel
        if self.isClosed { channel.close(promise: nil) }
        let timer = self.eventLoop.scheduleTask(in: self.transport.patience.handshake) { channel.close(promise: nil) }
        let upgraded = self.requestUpgrade(channel)
        upgraded.whenComplete { result in
            timer.cancel()
            if case .failure = result { channel.close(promise: nil) }
        }
        return upgraded
    }

    /// False if the server answered the request as plain HTTP.
    private func requestUpgrade(_ channel: any Channel) -> EventLoopFuture<(any Channel, Bool)> {
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: PeerUpgrade.path)
        head.headers.add(name: "Host", value: self.address.authority)
        head.headers.add(name: "Content-Length", value: "0")
        let upgrade = NIOTypedHTTPClientUpgradeConfiguration<Bool>(
            upgradeRequestHead: head,
            upgraders: [PeerClientUpgrader()],
            notUpgradingCompletionHandler: { $0.eventLoop.makeSucceededFuture(false) }
        )
        var configuration = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade)
        configuration.leftOverBytesStrategy = .forwardBytes
        do {
            if let security = self.transport.security {
                try channel.pipeline.syncOperations.addHandlers(security.clientHandlers(self.address))
            }
            return try channel.pipeline.syncOperations
                .configureUpgradableHTTPClientPipeline(configuration: configuration)
                .map { (channel, $0) }
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    private func begin(_ channel: any Channel) {
        if self.isClosed { return channel.close(promise: nil) }
        do {
            let handshake = Handshake(
                dialing: self.key.member,
                self.key.lane,
                as: self.transport.identity,
                nonce: try SecureRandom.bytes(32),
                admission: self.transport.door.admission
            )
            try self.transport.install(
                handshake,
                on: channel,
                ready: { peer, handler in
                    self.pending = nil
                    self.attempts = 0
                    self.refusals = 0
                    self.connection = Connection(channel: channel, handler: handler, peer: peer)
                    self.transport.linkOpened(self, peer)
                },
                closed: { ending in self.ended(ending) }
            )
        } catch {
            channel.close(promise: nil)
            self.failed("\(error)")
        }
    }

    // MARK: Ends

    private func ended(_ ending: PeerHandler.Ending) {
        let wasOpen = self.connection != nil
        self.connection = nil
        if !self.isClosed { self.transport.linkEnded(self, wasOpen: wasOpen, ending) }
        guard case .refused(let error) = ending else { return self.failed("the connection was closed") }
        if error.side != .neither { self.refusals += 1 }
        self.failed("\(error)")
    }

    /// A connection is gone or never came: another try follows, soon at first, at most a second later each time; where
    /// one of the two is no member, up to half a minute later.
    private func failed(_ reason: String) {
        self.pending = nil
        if self.isClosed { return }
        if self.attempts == 1 || self.attempts % 30 == 0, self.refusals == 0 {
            self.transport.logger.info(
                "peer not connected",
                metadata: ["member": "\(self.key.member)", "lane": "\(self.key.lane)", "reason": "\(reason)"]
            )
        }
        let usual = min(1_000, Int64(25) << min(self.attempts, 6))
        let delay: Int64 = self.refusals == 0 ? usual : min(30_000, Int64(500) << min(self.refusals, 6))
        self.eventLoop.scheduleTask(in: .milliseconds(delay + .random(in: 0...50))) { self.dial() }
    }
}
