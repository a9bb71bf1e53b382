import ClusterState
import RaftSessions

/// What an operator wants done. The same one is asked for again and again until it is answered.
struct Operation {
    enum Act {
        case deploy(ClusterState.GroupSpec)
        case update(GroupID, ClusterState.GroupSpec)
        case delete(GroupID)
        case putConnector(ClusterState.Connector)
        case deleteConnector(ConnectorName)
        case drain(WorkerID)
        case cancelDrain(WorkerID)
        case migrate(PlacementKey, WorkerID)
        /// A worker whose process has ended is gone for good, unless another process has taken its place.
        case deregister(WorkerID, WorkerIncarnation)
    }

    /// Names it, over all its repetitions.
    var number: UInt64
    var act: Act

    /// What makes it take effect once.
    var token: CommandToken {
        let digest = Digest128(high: 0, low: self.number)
        return CommandToken(.key(KeyStamp(key: digest, fingerprint: digest)))
    }
}

/// What one operator cares for. There is one operation after another.
struct Subject {
    enum Kind { case group, connector, workers }

    enum Wish {
        /// Never touched, or gone.
        case absent
        case present
        /// An operation is open.
        case unsettled
    }

    let kind: Kind
    let name: String
    var wish = Wish.absent
    /// Of the entry that settled the wish: no state that is older can know of it.
    var index: UInt64 = 0
    /// Of the group, while it is there, and what it consists of.
    var group: GroupID?
    var spec: ClusterState.GroupSpec?
    /// Where each of the group's pipelines reads and writes.
    var programs: [Program] = []
    var open: Operation?
    /// The number of the request that counts.
    var request: UInt64 = 0

    init(kind: Kind, name: String) {
        self.kind = kind
        self.name = name
    }
}
