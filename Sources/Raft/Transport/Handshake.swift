import NIOCore
import OpenSSL
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

/// Why a peer was not let in. Counted and logged; told to the peer as far as it helps an operator.
public struct HandshakeError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    static let malformed = HandshakeError(description: "the peer does not speak this protocol")
    static let version = HandshakeError(description: "the peer speaks another version of the protocol")
    static let cluster = HandshakeError(
        description: "the peer belongs to another cluster: compare --raft-peers and --raft-cluster-name"
    )
    static let member = HandshakeError(description: "the peer is not the member expected at this address")
    static let key = HandshakeError(description: "the peer does not have this cluster's API key")
    static let cryptography = HandshakeError(description: "the cryptographic library failed")
    static func refused(_ reason: String) -> HandshakeError {
        HandshakeError(description: "the peer refused the connection: \(reason)")
    }
}

// The handshake, four frames after the HTTP upgrade:
//
//   dialer    hello      version, cluster id, node id, incarnation, nonce
//   acceptor  challenge  the same of its own, and HMAC(key, "acceptor", hello, challenge)
//   dialer    proof      HMAC(key, "dialer", hello, challenge)
//   acceptor  ready
//
// Both nonces are fresh and both tags cover everything said so far, so neither side can be played an older exchange,
// and neither side's tag can be reflected as its own.

/// The first frame of either side.
struct Introduction: Hashable {
    static let version: UInt16 = 1
    static let byteCount = 2 + 16 + 4 + 8 + 32

    var cluster: ClusterID
    var node: NodeID
    var incarnation: Incarnation
    var nonce: [UInt8]

    init(_ identity: PeerIdentity, nonce: [UInt8]) {
        self.cluster = identity.cluster
        self.node = identity.node
        self.incarnation = identity.incarnation
        self.nonce = nonce
    }

    init(from bytes: inout ByteBuffer) throws(HandshakeError) {
        guard let version = bytes.readInteger(as: UInt16.self) else { throw .malformed }
        guard version == Self.version else { throw .version }
        guard let high = bytes.readInteger(as: UInt64.self), let low = bytes.readInteger(as: UInt64.self),
            let node = bytes.readInteger(as: UInt32.self), let incarnation = bytes.readInteger(as: UInt64.self),
            let nonce = bytes.readBytes(length: 32)
        else { throw .malformed }
        self.cluster = ClusterID(high: high, low: low)
        self.node = NodeID(node)
        self.incarnation = Incarnation(incarnation)
        self.nonce = nonce
    }

    var bytes: [UInt8] {
        var out = ByteBuffer()
        out.writeInteger(Self.version)
        out.writeInteger(self.cluster.high)
        out.writeInteger(self.cluster.low)
        out.writeInteger(self.node.rawValue)
        out.writeInteger(self.incarnation.rawValue)
        out.writeBytes(self.nonce)
        return Array(out.readableBytesView)
    }
}

/// One side of a handshake: frames in, frames out.
struct Handshake {
    /// What the other side turned out to be.
    struct Peer: Hashable { var node: NodeID, incarnation: Incarnation }

    enum Outcome: Equatable {
        case send([UInt8])
        /// Done, after sending the bytes if there are any.
        case done(Peer, sending: [UInt8]?)
    }

    private enum State {
        case dialerAwaitsChallenge(expected: NodeID, hello: Introduction)
        case dialerAwaitsReady(Peer)
        case acceptorAwaitsHello
        case acceptorAwaitsProof(Peer, proof: [UInt8])
        case finished
    }

    private let identity: PeerIdentity
    private let members: [NodeID]
    private let nonce: [UInt8]
    private var state: State
    /// The dialer's first frame.
    let opening: [UInt8]?

    /// `nonce`: 32 fresh random bytes.
    init(dialing expected: NodeID, as identity: PeerIdentity, nonce: [UInt8]) {
        let hello = Introduction(identity, nonce: nonce)
        self.identity = identity
        self.members = [expected]
        self.nonce = nonce
        self.state = .dialerAwaitsChallenge(expected: expected, hello: hello)
        self.opening = [Step.hello.rawValue] + hello.bytes
    }

    init(accepting members: [NodeID], as identity: PeerIdentity, nonce: [UInt8]) {
        self.identity = identity
        self.members = members
        self.nonce = nonce
        self.state = .acceptorAwaitsHello
        self.opening = nil
    }

    private enum Step: UInt8 { case hello = 1, challenge, proof, ready, refused }

    /// The frame that tells the peer why it is refused.
    static func refusal(_ error: HandshakeError) -> [UInt8] {
        [Step.refused.rawValue] + Array(error.description.utf8.prefix(200))
    }

    mutating func received(_ frame: ByteBuffer) throws(HandshakeError) -> Outcome {
        var bytes = frame
        guard let step = bytes.readInteger(as: UInt8.self).flatMap(Step.init(rawValue:)) else { throw .malformed }
        if step == .refused { throw .refused(String(buffer: bytes)) }
        switch (self.state, step) {
        case (.acceptorAwaitsHello, .hello): return try self.challenge(&bytes)
        case (.dialerAwaitsChallenge(let expected, let hello), .challenge):
            return try self.prove(&bytes, expected: expected, hello: hello)
        case (.acceptorAwaitsProof(let peer, let proof), .proof):
            guard constantTimeEqual(Array(bytes.readableBytesView), proof) else { throw .key }
            self.state = .finished
            return .done(peer, sending: [Step.ready.rawValue])
        case (.dialerAwaitsReady(let peer), .ready):
            self.state = .finished
            return .done(peer, sending: nil)
        default: throw .malformed
        }
    }

    private mutating func challenge(_ bytes: inout ByteBuffer) throws(HandshakeError) -> Outcome {
        let hello = try Introduction(from: &bytes)
        guard bytes.readableBytes == 0 else { throw .malformed }
        guard hello.cluster == self.identity.cluster else { throw .cluster }
        guard self.members.contains(hello.node), hello.node != self.identity.node else { throw .member }
        let own = Introduction(self.identity, nonce: self.nonce)
        let peer = Peer(node: hello.node, incarnation: hello.incarnation)
        self.state = .acceptorAwaitsProof(peer, proof: try self.tag("dialer", hello, own))
        return .send([Step.challenge.rawValue] + own.bytes + (try self.tag("acceptor", hello, own)))
    }

    private mutating func prove(
        _ bytes: inout ByteBuffer,
        expected: NodeID,
        hello: Introduction
    ) throws(HandshakeError) -> Outcome {
        let other = try Introduction(from: &bytes)
        guard other.cluster == self.identity.cluster else { throw .cluster }
        guard other.node == expected else { throw .member }
        let tag = try self.tag("acceptor", hello, other)
        guard constantTimeEqual(Array(bytes.readableBytesView), tag) else { throw .key }
        self.state = .dialerAwaitsReady(Peer(node: other.node, incarnation: other.incarnation))
        return .send([Step.proof.rawValue] + (try self.tag("dialer", hello, other)))
    }

    private func tag(
        _ side: String,
        _ hello: Introduction,
        _ challenge: Introduction
    ) throws(HandshakeError) -> [UInt8] {
        let said = Array("varpulis \(side)".utf8) + hello.bytes + challenge.bytes
        do { return try HMACSHA256.code(for: said, key: self.identity.key) } catch { throw .cryptography }
    }
}
