/// A name that the replicated state uses as a key; `Kind` keeps one sort of name from being taken for another.
///
/// Names are equal, ordered and hashed by their UTF-8 bytes. `String` itself compares by canonical equivalence, whose
/// tables change with the Unicode version: two members built with different compilers could then disagree.
public struct Identifier<Kind>: Sendable {
    public let rawValue: String
    public init(_ rawValue: String) { self.rawValue = rawValue }
}

extension Identifier: Hashable, Comparable {
    public static func == (a: Self, b: Self) -> Bool {
        guard a.rawValue.utf8.count == b.rawValue.utf8.count else { return false }
        var (one, other) = (a.rawValue, b.rawValue)
        return one.withUTF8 { one in other.withUTF8 { other in one.elementsEqual(other) } }
    }

    public static func < (a: Self, b: Self) -> Bool {
        a.rawValue.precedesInUTF8(b.rawValue)
    }

    public func hash(into hasher: inout Hasher) {
        var text = self.rawValue
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Whether its bytes come first: the order of names, and of whatever else the replicated state sorts by text.
    package func precedesInUTF8(_ other: String) -> Bool {
        let (one, other) = (self.utf8.span, other.utf8.span)
        for place in 0..<min(one.count, other.count) where one[place] != other[place] {
            return one[place] < other[place]
        }
        return one.count < other.count
    }
}

extension Identifier: ExpressibleByStringLiteral, CustomStringConvertible {
    public init(stringLiteral value: String) { self.init(value) }
    public var description: String { self.rawValue }
}

public typealias WorkerID = Identifier<ClusterState.Worker>
public typealias GroupID = Identifier<ClusterState.Group>
/// The display name of a group, unique in the cluster.
public typealias GroupName = Identifier<ClusterState.GroupSpec>
public typealias PipelineName = Identifier<ClusterState.PipelineSpec>
public typealias ConnectorName = Identifier<ClusterState.Connector>
public typealias MigrationID = Identifier<ClusterState.Migration>
public typealias KeyID = Identifier<ClusterState.AccessKey>

/// Drawn by a worker's process at its start: a worker that restarts is the same worker with another incarnation.
public struct WorkerIncarnation: Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public var description: String { String(self.rawValue) }
}

/// Counts assignments over the whole cluster. Each assignment of a pipeline to a worker's process has an epoch of its
/// own, and every side effect of the pipeline carries it, so that the older of two owners is told apart and refused.
public struct Epoch: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    /// Before the first assignment.
    public static let zero = Epoch(0)
    public static func < (a: Epoch, b: Epoch) -> Bool { a.rawValue < b.rawValue }
    public var description: String { "e\(self.rawValue)" }
}

/// Names one placement: a pipeline of a group, or one replica of it.
public struct PlacementKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var group: GroupID
    public var pipeline: PipelineName
    /// Absent for a pipeline that runs only once.
    public var replica: UInt32?

    public init(group: GroupID, pipeline: PipelineName, replica: UInt32? = nil) {
        self.group = group
        self.pipeline = pipeline
        self.replica = replica
    }

    /// The placement that a worker knows by `name`. A pipeline's own name has no `#`, so the reading is unambiguous.
    public init(group: GroupID, name: String) {
        self.init(group: group, pipeline: PipelineName(name))
        guard let mark = name.utf8.lastIndex(of: UInt8(ascii: "#")) else { return }
        let digits = name[name.index(after: mark)...]
        guard let replica = UInt32(digits), String(replica) == digits else { return }
        self.pipeline = PipelineName(String(name[..<mark]))
        self.replica = replica
    }

    /// The name by which workers and clients know the placement: `p`, or `p#0` for a replica.
    public var name: String {
        guard let replica = self.replica else { return self.pipeline.rawValue }
        return "\(self.pipeline)#\(replica)"
    }

    public var description: String { "\(self.group)/\(self.name)" }

    public static func < (a: Self, b: Self) -> Bool {
        if a.group != b.group { return a.group < b.group }
        if a.pipeline != b.pipeline { return a.pipeline < b.pipeline }
        switch (a.replica, b.replica) {
        case (nil, let other): return other != nil
        case (_, nil): return false
        case (let one?, let other?): return one < other
        }
    }
}
