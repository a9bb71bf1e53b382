import ClusterAPI
import Logging
public import RaftCore
import RaftStorage
import Security

/// How a coordinator asks to be taken into a cluster that is there already.
public struct Joining: Sendable {
    /// Some of those that belong to it.
    public var coordinators: [PeerAddress]
    /// Where the others will reach this one.
    public var address: PeerAddress
    public var votes: Bool
    /// The member whose place it takes.
    public var replaces: NodeID?

    public init(coordinators: [PeerAddress], address: PeerAddress, votes: Bool, replaces: NodeID?) {
        self.coordinators = coordinators
        self.address = address
        self.votes = votes
        self.replaces = replaces
    }

    /// How long to go on asking while nobody answers, or something else is under way.
    private static let patience = Duration.seconds(60)

    /// Asks the cluster for a place. Whoever asks again under the same incarnation gets the same one.
    func ask(
        under incarnation: Incarnation,
        apiKey: String?,
        _ credentials: TLSCredentials?,
        _ logger: Logger
    ) async throws -> (cluster: ClusterID, member: NodeID) {
        let client = CoordinatorClient(coordinators: self.coordinators, apiKey: apiKey, credentials: credentials)
        let body = RaftAddRequest(
            address: self.address.description,
            incarnation: incarnation.hexadecimal,
            voter: self.votes,
            replaces: self.replaces?.rawValue
        )
        let end = ContinuousClock.now + Self.patience
        while true {
            let reason: String
            do {
                let change: RaftChange = try await client.ask(.post, "/\(Routes.prefix)/raft/members", body)
                guard let cluster = ClusterID(hexadecimal: change.members.cluster) else {
                    throw JoinError(description: "What the coordinators say of their cluster is not understood.")
                }
                return (cluster, NodeID(change.id))
            } catch let refusal as ErrorBody where refusal.code != .changeUnderWay {
                throw JoinError(description: "The cluster does not take this coordinator in: \(refusal.error).")
            } catch let refusal as ErrorBody {
                reason = refusal.error
            } catch let unavailable as CoordinatorClient.Unavailable {
                reason = unavailable.description
            }
            guard end > .now else { throw JoinError(description: reason) }
            logger.warning("no place in the cluster yet, asking again", metadata: ["reason": "\(reason)"])
            try await Task.sleep(for: .seconds(1))
        }
    }
}

/// Why a coordinator does not come to its cluster.
public struct JoinError: Error, CustomStringConvertible {
    public var description: String
}

extension CoordinatorConfiguration {
    /// Opens the member's database. A newcomer first asks its cluster for a place; one that has its database needs to
    /// ask nobody, however it is started.
    func openDatabase(_ credentials: TLSCredentials?) async throws -> RaftDatabase {
        switch self.origin {
        case .genesis(let genesis, let member):
            return try RaftDatabase(directory: self.dataDirectory, member: member, of: genesis)
        case .joining(let joining):
            if let known = try RaftDatabase.identity(in: self.dataDirectory) {
                return try RaftDatabase(directory: self.dataDirectory, member: known.member, joining: known.cluster)
            }
            let incarnation = try RaftDatabase.incarnationToCome(in: self.dataDirectory)
            let place = try await joining.ask(under: incarnation, apiKey: self.apiKey, credentials, self.logger)
            return try RaftDatabase(directory: self.dataDirectory, member: place.member, joining: place.cluster)
        }
    }
}

extension Origin {
    /// Where the other members are, as far as this one was told when it was started.
    var addresses: [NodeID: PeerAddress] {
        guard case .genesis(let genesis, let own) = self else { return [:] }
        var addresses: [NodeID: PeerAddress] = [:]
        for (place, address) in genesis.peers.enumerated() where NodeID(UInt32(place + 1)) != own {
            addresses[NodeID(UInt32(place + 1))] = address
        }
        return addresses
    }
}
