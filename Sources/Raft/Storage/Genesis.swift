internal import OpenSSL
public import RaftCore

/// What a cluster begins with: the peers its members were started with, in their order, and the name of it all.
///
/// The cluster's id is made from this, so that members that were not started for the same cluster refuse each other
/// before they exchange anything. It is the first 128 bits, most significant byte first, of SHA-256 over
///
///     01                          version of this form
///     length of the name          4 bytes, most significant first; 0 without a name
///     the name                    UTF-8
///     number of peers             4 bytes
///     for each peer, in order:
///         length of the address   4 bytes
///         the address             host:port, the host in lower case
///
/// The scheme is left out: a cluster that moves to TLS stays the same cluster.
public struct Genesis: Hashable, Sendable {
    /// Made from the peers and the name; equal for members that were started for the same cluster.
    public let cluster: ClusterID
    /// The n-th peer is member n.
    public let peers: [PeerAddress]

    /// Throws if there are no peers, more than a cluster may have voters, or one is there twice.
    public init(peers: [PeerAddress], name: String = "") throws {
        guard !peers.isEmpty else { throw GenesisError(message: "A cluster needs one peer at least.") }
        guard peers.count <= Membership.votersMax else {
            // Nobody could read the membership that their log would begin with.
            throw GenesisError(
                message: "A cluster begins with at most \(Membership.votersMax) peers, not \(peers.count): all of them "
                    + "vote. Further members may join as learners."
            )
        }
        var seen: Set<String> = []
        for peer in peers where !seen.insert(peer.authority).inserted {
            throw GenesisError(message: "The peer \(peer) is listed twice.")
        }
        let digest = try SHA256.hash(Self.canonicalForm(peers: peers, name: name))
        func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.cluster = ClusterID(high: word(digest[0..<8]), low: word(digest[8..<16]))
        self.peers = peers
    }

    /// All peers vote, and none is tied to a disk yet.
    public var membership: Membership {
        Membership(
            members: self.peers.enumerated().map { Member(id: NodeID(UInt32($0.offset + 1)), address: $0.element) }
        )
    }

    static func canonicalForm(peers: [PeerAddress], name: String) -> [UInt8] {
        var form: [UInt8] = [1]
        func append(_ text: String) {
            form.append(bigEndian: UInt32(text.utf8.count))
            form.append(contentsOf: text.utf8)
        }
        append(name)
        form.append(bigEndian: UInt32(peers.count))
        for peer in peers { append(peer.authority) }
        return form
    }
}

/// Why peers make no cluster.
public struct GenesisError: Error, Hashable, Sendable, CustomStringConvertible {
    public var message: String
    public var description: String { self.message }
}
