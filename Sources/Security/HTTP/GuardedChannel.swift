public import HummingbirdCore
public import Logging
public import NIOCore

/// A server's connections with guards before them.
public struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
    public typealias Value = Base.Value

    private let base: Base
    private let guards: ConnectionGuards

    public init(_ base: Base, _ guards: ConnectionGuards) {
        self.base = base
        self.guards = guards
    }

    public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let value = self.base.setup(channel: channel, logger: logger)
        do {
            try self.guards.install(self.guards.makeWatch(), on: channel)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return value
    }

    public func handle(value: Value, logger: Logger) async { await self.base.handle(value: value, logger: logger) }
}
