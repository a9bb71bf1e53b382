public import NIOCore
import NIOHTTP1

/// What stands between the network and a server's HTTP handlers: TLS if it is asked for, and bounds for what comes in
/// slowly or too large.
public struct ConnectionGuards: Sendable {
    public var credentials: TLSCredentials?
    public var counters: RefusalCounters
    public var limits: RequestLimits

    public init(credentials: TLSCredentials?, counters: RefusalCounters, limits: RequestLimits = RequestLimits()) {
        self.credentials = credentials
        self.counters = counters
        self.limits = limits
    }

    /// For one connection.
    public func makeWatch() -> RequestWatch { RequestWatch(limits: self.limits, counters: self.counters) }

    /// Puts the guards before a server's handlers, the HTTP decoder among them. To be called in the initializer of the
    /// channel.
    public func install(_ watch: RequestWatch, on channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(RequestParts(watch), position: .after(decoder))
        try pipeline.addHandler(watch, position: .first)
        guard let credentials, let handlers = credentials.serverHandlers() else { return }
        try pipeline.addHandlers(handlers, position: .first)
    }
}
