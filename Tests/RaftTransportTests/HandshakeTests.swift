import NIOCore
import RaftCore
import RaftTestSupport
import Testing

@testable import RaftTransport

@Suite("The handshake")
struct HandshakeTests {
    private static let cluster = ClusterID(high: 1, low: 2)

    private static func identity(
        _ node: UInt32,
        key: String = "key",
        cluster: ClusterID = Self.cluster
    ) -> PeerIdentity {
        PeerIdentity(
            cluster: cluster,
            node: NodeID(node),
            incarnation: Incarnation(UInt64(node) * 100),
            key: Array(key.utf8)
        )
    }

    private static func dialer(
        _ identity: PeerIdentity = Self.identity(1),
        expecting: UInt32 = 2,
        lane: Lane = .calls,
        nonce: UInt8 = 1,
        admission: @escaping Handshake.Admit = { _, _ in .welcome }
    ) -> Handshake {
        Handshake(
            dialing: NodeID(expecting),
            lane,
            as: identity,
            nonce: [UInt8](repeating: nonce, count: 32),
            admission: admission
        )
    }

    private static func acceptor(
        _ identity: PeerIdentity = Self.identity(2),
        nonce: UInt8 = 2,
        admission: @escaping Handshake.Admit = { _, _ in .welcome }
    ) -> Handshake {
        Handshake(acceptingAs: identity, nonce: [UInt8](repeating: nonce, count: 32), admission: admission)
    }

    /// A whole exchange; each frame may be altered on its way. Returns what the acceptor and the dialer found.
    private static func exchange(
        _ dialer: Handshake,
        _ acceptor: Handshake,
        altering alter: (_ step: Int, inout [UInt8]) -> Void = { _, _ in }
    ) throws -> (acceptor: Handshake.Peer?, dialer: Handshake.Peer?) {
        var (dialer, acceptor) = (dialer, acceptor)
        var frame = try #require(dialer.opening)
        alter(0, &frame)
        guard case .send(var challenge) = try acceptor.received(ByteBuffer(bytes: frame)) else { return (nil, nil) }
        alter(1, &challenge)
        guard case .send(var proof) = try dialer.received(ByteBuffer(bytes: challenge)) else { return (nil, nil) }
        alter(2, &proof)
        guard case .done(let caller, .some(var ready)) = try acceptor.received(ByteBuffer(bytes: proof)) else {
            return (nil, nil)
        }
        alter(3, &ready)
        guard case .done(let called, nil) = try dialer.received(ByteBuffer(bytes: ready)) else { return (caller, nil) }
        return (caller, called)
    }

    @Test("two members of a cluster come to know each other", arguments: ["key", ""])
    func success(key: String) throws {
        let found = try Self.exchange(
            Self.dialer(Self.identity(1, key: key)),
            Self.acceptor(Self.identity(2, key: key))
        )
        #expect(found.acceptor == Handshake.Peer(node: NodeID(1), incarnation: Incarnation(100), lane: .calls))
        #expect(found.dialer == Handshake.Peer(node: NodeID(2), incarnation: Incarnation(200), lane: .calls))
    }

    @Test("every frame fits the limit for strangers")
    func sizes() throws {
        var sizes: [Int] = []
        _ = try Self.exchange(Self.dialer(), Self.acceptor()) { _, frame in sizes.append(frame.count) }
        #expect(sizes.count == 4)
        #expect(sizes.allSatisfy { $0 <= WireLimits.handshakeFrameBytes })
        let long = HandshakeError(description: String(repeating: "x", count: 1_000))
        #expect(Handshake.refusal(long).count <= WireLimits.handshakeFrameBytes)
    }

    @Test("a dialer without the key is found out by the acceptor's tag, and the acceptor by the dialer's")
    func wrongKey() throws {
        #expect(throws: HandshakeError.key) {
            try Self.exchange(Self.dialer(Self.identity(1, key: "other")), Self.acceptor())
        }
        // A dialer that does not care about the acceptor's tag still can't make its own.
        var acceptor = Self.acceptor()
        let hello = try #require(Self.dialer().opening)
        _ = try acceptor.received(ByteBuffer(bytes: hello))
        #expect(throws: HandshakeError.key) {
            try acceptor.received(ByteBuffer(bytes: [3] + [UInt8](repeating: 0, count: 32)))
        }
    }

    @Test("a member of another cluster is refused by both sides")
    func wrongCluster() throws {
        let foreign = ClusterID(high: 1, low: 3)
        #expect(throws: HandshakeError.cluster) {
            try Self.exchange(Self.dialer(Self.identity(1, cluster: foreign)), Self.acceptor())
        }
        #expect(throws: HandshakeError.cluster) {
            // The hello is made to fit, so that it is the dialer that has to notice.
            try Self.exchange(Self.dialer(), Self.acceptor(Self.identity(2, cluster: foreign))) { step, frame in
                if step == 0 { frame[18] = 3 }
            }
        }
    }

    @Test("a member that is not the expected one is refused by the dialer, and member 0 by the acceptor")
    func wrongMember() throws {
        #expect(throws: HandshakeError.member) { try Self.exchange(Self.dialer(expecting: 3), Self.acceptor()) }
        #expect(throws: HandshakeError.member) { try Self.exchange(Self.dialer(Self.identity(0)), Self.acceptor()) }
    }

    @Test("each side comes to know which lane the dialer wants", arguments: Lane.allCases)
    func lanes(lane: Lane) throws {
        let found = try Self.exchange(Self.dialer(lane: lane), Self.acceptor())
        #expect(found.acceptor?.lane == lane && found.dialer?.lane == lane)
    }

    @Test("a member that was removed, or lives on another disk, is told so once it has proved who it is")
    func membership() throws {
        for admission in [Admission.removed, .otherDisk] {
            var dialer = Self.dialer()
            var acceptor = Self.acceptor { member, incarnation in
                #expect(member == NodeID(1) && incarnation == Incarnation(100))
                return admission
            }
            let hello = try #require(dialer.opening)
            guard case .send(let challenge) = try acceptor.received(ByteBuffer(bytes: hello)),
                case .send(let proof) = try dialer.received(ByteBuffer(bytes: challenge))
            else {
                Issue.record("the handshake ends before anybody has proved anything")
                return
            }
            let error = try #require(throws: HandshakeError.self) { try acceptor.received(ByteBuffer(bytes: proof)) }
            #expect(error.side == .peer(NodeID(1), admission))
            let frame = Handshake.refusal(error)
            #expect(frame.count <= WireLimits.handshakeFrameBytes)
            let told = try #require(throws: HandshakeError.self) { try dialer.received(ByteBuffer(bytes: frame)) }
            #expect(told.side == .own(admission))
            #expect(told.description.contains(admission.sentence(about: NodeID(1))))
        }
    }

    @Test("a stranger does not make a member believe that it is out of the cluster")
    func unprovenRefusal() throws {
        let frame = Handshake.refusal(.unwelcome(NodeID(1), .removed))
        var dialer = Self.dialer()
        let error = try #require(throws: HandshakeError.self) { try dialer.received(ByteBuffer(bytes: frame)) }
        #expect(error.side == .neither)
    }

    @Test("a dialer turns away a member that lives on another disk than it is known for")
    func dialerAsksToo() throws {
        let error = try #require(throws: HandshakeError.self) {
            try Self.exchange(Self.dialer(admission: { _, _ in .otherDisk }), Self.acceptor())
        }
        #expect(error.side == .peer(NodeID(2), .otherDisk))
        #expect(error.description.contains("varpulis raft replace 2"))
    }

    @Test("nobody talks to itself, even where its own number is among those expected")
    func itself() throws {
        #expect(throws: HandshakeError.member) {
            try Self.exchange(
                Self.dialer(Self.identity(2), expecting: 2),
                Self.acceptor(Self.identity(2))
            )
        }
    }

    @Test("another version of the protocol is refused as such")
    func version() throws {
        #expect(throws: HandshakeError.version) {
            try Self.exchange(Self.dialer(), Self.acceptor()) { step, frame in if step == 0 { frame[2] = 9 } }
        }
    }

    @Test("a proof of an earlier exchange is worth nothing in a later one")
    func replay() throws {
        var frames: [[UInt8]] = []
        _ = try Self.exchange(Self.dialer(), Self.acceptor(nonce: 2)) { _, frame in frames.append(frame) }
        var later = Self.acceptor(nonce: 3)
        _ = try later.received(ByteBuffer(bytes: frames[0]))
        #expect(throws: HandshakeError.key) { try later.received(ByteBuffer(bytes: frames[2])) }
        // And so is a challenge.
        var dialer = Self.dialer(nonce: 4)
        #expect(throws: HandshakeError.key) { try dialer.received(ByteBuffer(bytes: frames[1])) }
    }

    @Test("the acceptor's tag sent back is no proof")
    func reflection() throws {
        var acceptor = Self.acceptor()
        let hello = try #require(Self.dialer().opening)
        guard case .send(let challenge) = try acceptor.received(ByteBuffer(bytes: hello)) else {
            Issue.record("the acceptor does not answer a hello")
            return
        }
        let tag = challenge.suffix(32)
        #expect(throws: HandshakeError.key) { try acceptor.received(ByteBuffer(bytes: [3] + tag)) }
    }

    @Test("a frame out of its turn is refused")
    func order() throws {
        var frames: [[UInt8]] = []
        _ = try Self.exchange(Self.dialer(), Self.acceptor()) { _, frame in frames.append(frame) }
        for frame in frames[1...] {
            var acceptor = Self.acceptor()
            #expect(throws: HandshakeError.malformed) { try acceptor.received(ByteBuffer(bytes: frame)) }
        }
        for (step, frame) in frames.enumerated() where step != 1 {
            var dialer = Self.dialer()
            #expect(throws: HandshakeError.malformed) { try dialer.received(ByteBuffer(bytes: frame)) }
        }
        var acceptor = Self.acceptor()
        _ = try acceptor.received(ByteBuffer(bytes: frames[0]))
        #expect(throws: HandshakeError.malformed) { try acceptor.received(ByteBuffer(bytes: frames[0])) }
        // The proof is accepted once.
        _ = try acceptor.received(ByteBuffer(bytes: frames[2]))
        #expect(throws: HandshakeError.malformed) { try acceptor.received(ByteBuffer(bytes: frames[2])) }
    }

    @Test("a refusal is passed on with its reason")
    func refusal() throws {
        var dialer = Self.dialer()
        let frame = ByteBuffer(bytes: Handshake.refusal(.cluster))
        #expect(throws: HandshakeError.refused(HandshakeError.cluster.description)) { try dialer.received(frame) }
    }

    @Test("an exchange with any byte changed, missing or added does not end well for both")
    func tampering() throws {
        var sizes: [Int] = []
        _ = try Self.exchange(Self.dialer(), Self.acceptor()) { _, frame in sizes.append(frame.count) }
        for (step, size) in sizes.enumerated() {
            for place in 0..<size {
                let altered = try? Self.exchange(Self.dialer(), Self.acceptor()) { at, frame in
                    if at == step { frame[place] ^= 0x40 }
                }
                #expect(altered?.dialer == nil, "frame \(step), byte \(place)")
                let cut = try? Self.exchange(Self.dialer(), Self.acceptor()) { at, frame in
                    if at == step { frame.removeLast(size - place) }
                }
                #expect(cut?.dialer == nil, "frame \(step), cut at \(place)")
                if step < 3 { #expect(altered?.acceptor == nil && cut?.acceptor == nil) }
            }
            guard step < 3 else { continue }  // nothing is read of `ready` but its kind
            let longer = try? Self.exchange(Self.dialer(), Self.acceptor()) { at, frame in
                if at == step { frame.append(0) }
            }
            #expect(longer?.acceptor == nil)
        }
    }

    @Test("noise is refused and never traps", arguments: UInt64(1)...4)
    func noise(seed: UInt64) {
        var random = Seeded(seed)
        for _ in 0..<5_000 {
            var bytes = random.bytes(.random(in: 0...120, using: &random))
            if !bytes.isEmpty { bytes[0] %= 7 }
            var acceptor = Self.acceptor()
            #expect(throws: HandshakeError.self) { try acceptor.received(ByteBuffer(bytes: bytes)) }
            var dialer = Self.dialer()
            #expect(throws: HandshakeError.self) { try dialer.received(ByteBuffer(bytes: bytes)) }
        }
    }
}
