import Logging
import NIOCore
import OpenSSL
import RaftCore

extension PeerTransport {
    /// A connection that another member dialed.
    struct Accepted: Sendable {
        var channel: any Channel
        var peer: Handshake.Peer
    }

    /// Makes a peer connection of a channel that was just upgraded. May be called on any loop.
    func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        let host = RemoteHost(channel.remoteAddress)
        guard self.door.enter(from: host) else {
            self.eventLoop.execute { self.refused(.crowded, by: nil) }
            return channel.close()
        }
        return channel.eventLoop.flatSubmit {
            if let security = self.security, !security.admits(channel) {
                self.door.passed(from: host)
                self.eventLoop.execute { self.refused(.certificate, by: nil) }
                return channel.close()
            }
            return channel.eventLoop.makeCompletedFuture {
                do { try self.receive(channel, from: host) } catch {
                    self.door.passed(from: host)
                    throw error
                }
            }
        }
    }

    private func receive(_ channel: any Channel, from host: RemoteHost) throws {
        // Messages may go out here too. Connections of other kinds than TCP's have no such options.
        try? channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        try? channel.syncOptions?.setOption(.writeBufferWaterMark, value: .init(low: 4 << 20, high: 16 << 20))
        let handshake = Handshake(
            acceptingAs: self.identity,
            nonce: try SecureRandom.bytes(32),
            admission: self.door.admission
        )
        var known: Handshake.Peer?
        try self.install(
            handshake,
            on: channel,
            ready: { peer, _ in
                known = peer
                self.door.passed(from: host)
                self.eventLoop.execute { self.keep(Accepted(channel: channel, peer: peer)) }
            },
            closed: { ending in
                let peer = known
                if peer == nil { self.door.passed(from: host) }
                self.eventLoop.execute { self.ended(channel, of: peer, ending) }
            }
        )
    }

    /// A member's newer connection takes the place of its older one.
    private func keep(_ connection: Accepted) {
        let key = LaneKey(member: connection.peer.node, lane: connection.peer.lane)
        let isRoom = self.accepted[key] != nil || self.accepted.count < WireLimits.acceptedMax
        guard !self.isClosed, isRoom, connection.channel.isActive else {
            return connection.channel.close(promise: nil)
        }
        self.accepted.updateValue(connection, forKey: key)?.channel.close(promise: nil)
        self.welcomed(connection.peer)
        self.noteConnections()
    }

    private func ended(_ channel: any Channel, of peer: Handshake.Peer?, _ ending: PeerHandler.Ending) {
        if case .refused(let error) = ending { self.refused(error, by: nil) }
        guard let peer else { return }
        let key = LaneKey(member: peer.node, lane: peer.lane)
        guard self.accepted[key]?.channel === channel else { return }  // a newer one has taken its place
        self.accepted[key] = nil
        self.noteConnections()
        if case .byHost = ending, peer.lane == .consensus { self.events.lost(peer.node) }
    }
}
