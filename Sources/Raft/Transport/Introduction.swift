import Checksum
import NIOCore
public import RaftCore

/// Who a member is to its peers, and the secret that proves it.
public struct PeerIdentity: Sendable {
    public var cluster: ClusterID
    public var node: NodeID
    public var incarnation: Incarnation
    /// The cluster's API key; empty when the cluster has none and listens on loopback only.
    public var key: [UInt8]

    public init(cluster: ClusterID, node: NodeID, incarnation: Incarnation, key: [UInt8]) {
        self.cluster = cluster
        self.node = node
        self.incarnation = incarnation
        self.key = key
    }
}

extension CRC32C {
    /// What the checksums of that member's frames begin with after the handshake.
    init(_ sender: PeerIdentity) { self.init(cluster: sender.cluster, sender: sender.incarnation) }
}

/// The first frame of either side of a handshake.
struct Introduction: Hashable {
    static let version: UInt16 = 3
    static let byteCount = 2 + 16 + 4 + 8 + 1 + 32

    var cluster: ClusterID
    var node: NodeID
    var incarnation: Incarnation
    /// What the connection is for. The acceptor repeats the dialer's choice.
    var lane: Lane
    var nonce: [UInt8]

    init(_ identity: PeerIdentity, lane: Lane, nonce: [UInt8]) {
        self.cluster = identity.cluster
        self.node = identity.node
        self.incarnation = identity.incarnation
        self.lane = lane
        self.nonce = nonce
    }

    init(from bytes: inout ByteBuffer) throws(HandshakeError) {
        guard let version = bytes.readInteger(as: UInt16.self) else { throw .malformed }
        guard version == Self.version else { throw .version }
        guard let high = bytes.readInteger(as: UInt64.self), let low = bytes.readInteger(as: UInt64.self),
            let node = bytes.readInteger(as: UInt32.self), let incarnation = bytes.readInteger(as: UInt64.self),
            let lane = bytes.readInteger(as: UInt8.self).flatMap(Lane.init(rawValue:)),
            let nonce = bytes.readBytes(length: 32)
        else { throw .malformed }
        self.cluster = ClusterID(high: high, low: low)
        self.node = NodeID(node)
        self.incarnation = Incarnation(incarnation)
        self.lane = lane
        self.nonce = nonce
    }

    var bytes: [UInt8] {
        var out = ByteBuffer()
        out.writeInteger(Self.version)
        out.writeInteger(self.cluster.high)
        out.writeInteger(self.cluster.low)
        out.writeInteger(self.node.rawValue)
        out.writeInteger(self.incarnation.rawValue)
        out.writeInteger(self.lane.rawValue)
        out.writeBytes(self.nonce)
        return Array(out.readableBytesView)
    }
}
