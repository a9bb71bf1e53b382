import NIOCore
import OpenSSL
import RaftCore

// The handshake, four frames after the HTTP upgrade:
//
//   dialer    hello      version, cluster id, node id, incarnation, lane, nonce
//   acceptor  challenge  the same of its own, and HMAC(key, "acceptor", hello, challenge)
//   dialer    proof      HMAC(key, "dialer", hello, challenge)
//   acceptor  ready
//
// Both nonces are fresh and both tags cover everything said so far, so neither side can be played an older exchange,
// and neither side's tag can be reflected as its own. Whether the other is a member, and lives on the disk it is known
// for, is asked only once its tag was right: a stranger learns nothing of it, and makes no member believe it is out.

/// One side of a handshake: frames in, frames out.
struct Handshake {
    /// What the other side turned out to be.
    struct Peer: Hashable { var node: NodeID, incarnation: Incarnation, lane: Lane }

    enum Outcome: Equatable {
        case send([UInt8])
        /// Done, after sending the bytes if there are any.
        case done(Peer, sending: [UInt8]?)
    }

    typealias Admit = (NodeID, Incarnation) -> Admission

    private enum State {
        case dialerAwaitsChallenge(expected: NodeID, hello: Introduction)
        case dialerAwaitsReady(Peer)
        case acceptorAwaitsHello
        case acceptorAwaitsProof(Peer, proof: [UInt8])
        case finished
    }

    private let identity: PeerIdentity
    private let nonce: [UInt8]
    private let admission: Admit
    private var state: State
    /// The dialer's first frame.
    let opening: [UInt8]?

    /// `nonce`: 32 fresh random bytes.
    init(
        dialing expected: NodeID,
        _ lane: Lane,
        as identity: PeerIdentity,
        nonce: [UInt8],
        admission: @escaping Admit
    ) {
        let hello = Introduction(identity, lane: lane, nonce: nonce)
        self.identity = identity
        self.nonce = nonce
        self.admission = admission
        self.state = .dialerAwaitsChallenge(expected: expected, hello: hello)
        self.opening = [Step.hello.rawValue] + hello.bytes
    }

    init(acceptingAs identity: PeerIdentity, nonce: [UInt8], admission: @escaping Admit) {
        self.identity = identity
        self.nonce = nonce
        self.admission = admission
        self.state = .acceptorAwaitsHello
        self.opening = nil
    }

    private enum Step: UInt8 { case hello = 1, challenge, proof, ready, refused }

    /// The frame that tells the peer why it is refused.
    static func refusal(_ error: HandshakeError) -> [UInt8] {
        var code: UInt8 = 0
        if case .peer(_, let admission) = error.side { code = admission.code }
        return [Step.refused.rawValue, code] + Array(error.description.utf8.prefix(400))
    }

    mutating func received(_ frame: ByteBuffer) throws(HandshakeError) -> Outcome {
        var bytes = frame
        guard let step = bytes.readInteger(as: UInt8.self).flatMap(Step.init(rawValue:)) else { throw .malformed }
        if step == .refused { throw self.refused(&bytes) }
        switch (self.state, step) {
        case (.acceptorAwaitsHello, .hello): return try self.challenge(&bytes)
        case (.dialerAwaitsChallenge(let expected, let hello), .challenge):
            return try self.prove(&bytes, expected: expected, hello: hello)
        case (.acceptorAwaitsProof(let peer, let proof), .proof):
            guard constantTimeEqual(Array(bytes.readableBytesView), proof) else { throw .key }
            try self.admit(peer)
            self.state = .finished
            return .done(peer, sending: [Step.ready.rawValue])
        case (.dialerAwaitsReady(let peer), .ready):
            self.state = .finished
            return .done(peer, sending: nil)
        default: throw .malformed
        }
    }

    /// Only a peer that proved to be a member is believed when it says that this one is none.
    private func refused(_ bytes: inout ByteBuffer) -> HandshakeError {
        guard let code = bytes.readInteger(as: UInt8.self) else { return .malformed }
        let reason = String(buffer: bytes)
        guard case .dialerAwaitsReady = self.state, let admission = Admission(code: code) else {
            return .refused(reason)
        }
        return .refused(reason, .own(admission))
    }

    private func admit(_ peer: Peer) throws(HandshakeError) {
        let admission = self.admission(peer.node, peer.incarnation)
        guard admission == .welcome else { throw .unwelcome(peer.node, admission) }
    }

    private mutating func challenge(_ bytes: inout ByteBuffer) throws(HandshakeError) -> Outcome {
        let hello = try Introduction(from: &bytes)
        guard bytes.readableBytes == 0 else { throw .malformed }
        guard hello.cluster == self.identity.cluster else { throw .cluster }
        guard hello.node != self.identity.node, hello.node.rawValue > 0 else { throw .member }
        let own = Introduction(self.identity, lane: hello.lane, nonce: self.nonce)
        let peer = Peer(node: hello.node, incarnation: hello.incarnation, lane: hello.lane)
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
        guard other.node == expected, other.node != self.identity.node, other.lane == hello.lane else { throw .member }
        let tag = try self.tag("acceptor", hello, other)
        guard constantTimeEqual(Array(bytes.readableBytesView), tag) else { throw .key }
        let peer = Peer(node: other.node, incarnation: other.incarnation, lane: other.lane)
        try self.admit(peer)
        self.state = .dialerAwaitsReady(peer)
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
