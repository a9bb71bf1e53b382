public import NIOCore
public import NIOHTTP1

/// The HTTP upgrade by which members reach each other on the coordinator's one port.
public enum PeerUpgrade {
    /// What the header `Upgrade` says. Its number is the version in the handshake.
    public static let protocolName = "varpulis-raft/2"
    public static let path = "/raft/peer"
}

/// The server's side: takes upgrades to the peer protocol and hands the channel to the transport.
public struct PeerServerUpgrader<Negotiated: Sendable>: NIOTypedHTTPServerProtocolUpgrader {
    public let supportedProtocol = PeerUpgrade.protocolName
    public let requiredUpgradeHeaders: [String] = []
    let transport: PeerTransport
    let negotiated: Negotiated

    /// `negotiated`: what the HTTP server is told about such a connection.
    public init(_ transport: PeerTransport, negotiated: Negotiated) {
        self.transport = transport
        self.negotiated = negotiated
    }

    public func buildUpgradeResponse(
        channel: any Channel,
        upgradeRequest: HTTPRequestHead,
        initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        guard upgradeRequest.uri == PeerUpgrade.path else {
            return channel.eventLoop.makeFailedFuture(HandshakeError.malformed)
        }
        return channel.eventLoop.makeSucceededFuture(initialResponseHeaders)
    }

    public func upgrade(channel: any Channel, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<Negotiated> {
        let negotiated = self.negotiated
        return self.transport.accept(channel).map { negotiated }
    }
}

/// The dialer's side.
struct PeerClientUpgrader: NIOTypedHTTPClientProtocolUpgrader {
    let supportedProtocol = PeerUpgrade.protocolName
    let requiredUpgradeHeaders: [String] = []
    func addCustom(upgradeRequestHeaders: inout HTTPHeaders) {}
    func shouldAllowUpgrade(upgradeResponse: HTTPResponseHead) -> Bool { true }
    func upgrade(channel: any Channel, upgradeResponse: HTTPResponseHead) -> EventLoopFuture<Bool> {
        channel.eventLoop.makeSucceededFuture(true)
    }
}
