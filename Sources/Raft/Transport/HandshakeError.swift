public import RaftCore

/// Why a connection between two members was not made. Counted and logged; told to the peer as far as it helps an
/// operator.
public struct HandshakeError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    var side: Side = .neither

    /// Whose membership the connection failed for, if that was it.
    enum Side: Hashable {
        case neither
        /// The peer has no place in the cluster, and proved to be who it is.
        case peer(NodeID, Admission)
        /// This member has none, says a peer that proved to be who it is.
        case own(Admission)
    }

    static let malformed = HandshakeError(description: "the peer does not speak this protocol")
    static let version = HandshakeError(description: "the peer speaks another version of the protocol")
    static let cluster = HandshakeError(
        description: "the peer belongs to another cluster: compare --raft-peers and --raft-cluster-name"
    )
    static let member = HandshakeError(description: "the peer is not the member expected at this address")
    static let key = HandshakeError(description: "the peer does not have this cluster's API key")
    static let certificate = HandshakeError(
        description: "the peer has shown no certificate, which members must: give it --tls-cert, --tls-key and "
            + "--tls-ca-cert"
    )
    static let late = HandshakeError(description: "the peer has not proved in good time who it is")
    static let crowded = HandshakeError(
        description: "too many connections have begun that have not proved yet who they are"
    )
    static let cryptography = HandshakeError(description: "the cryptographic library failed")

    static func unwelcome(_ member: NodeID, _ admission: Admission) -> HandshakeError {
        HandshakeError(description: admission.sentence(about: member), side: .peer(member, admission))
    }

    static func refused(_ reason: String, _ side: Side = .neither) -> HandshakeError {
        HandshakeError(description: "the peer refused the connection: \(reason)", side: side)
    }
}

extension Admission {
    /// What an operator is told about a member that is treated like this.
    public func sentence(about member: NodeID) -> String {
        switch self {
        case .welcome: "member \(member) belongs to the cluster"
        case .removed: "member \(member) was removed from the cluster, and ids are not used again"
        case .otherDisk:
            "member \(member) lives on another disk; a wiped or restored disk must come back as a new member: "
                + "varpulis raft replace \(member)"
        }
    }

    /// As a byte of a refusal.
    var code: UInt8 {
        switch self {
        case .welcome: 0
        case .removed: 1
        case .otherDisk: 2
        }
    }

    /// Nil for a reason that has nothing to do with who is a member.
    init?(code: UInt8) {
        switch code {
        case 1: self = .removed
        case 2: self = .otherDisk
        default: return nil
        }
    }
}
