// The numbers Raft counts with. Each is a type of its own, so that a term can't be added to an index.

/// A term of office: at most one leader is elected in each (Raft paper, section 5.1).
public struct Term: Hashable, Comparable, Sendable {
    public var rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    /// Before the first election.
    public static let zero = Term(0)
    /// Does not overflow: terms that come from elsewhere are below 2^62.
    public var next: Term { Term(self.rawValue + 1) }
    public static func < (a: Term, b: Term) -> Bool { a.rawValue < b.rawValue }
}

/// A place in the log. The first entry has index 1; 0 stands before it.
public struct LogIndex: Hashable, Comparable, Sendable {
    public var rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    public static let zero = LogIndex(0)
    /// Does not overflow: indexes that come from elsewhere are below 2^62.
    public var next: LogIndex { LogIndex(self.rawValue + 1) }
    /// The index before this one; the one before `zero` is `zero`.
    public var previous: LogIndex { LogIndex(self.rawValue == 0 ? 0 : self.rawValue - 1) }
    public static func < (a: LogIndex, b: LogIndex) -> Bool { a.rawValue < b.rawValue }
}

/// An entry's index together with the term it was appended in. Two logs that hold the same position hold the same
/// entry there, and the same entries before it (log matching).
public struct LogPosition: Hashable, Sendable {
    public var index: LogIndex
    public var term: Term
    public init(index: LogIndex, term: Term) {
        self.index = index
        self.term = term
    }
    /// Before the first entry.
    public static let zero = LogPosition(index: .zero, term: .zero)

    /// Raft's "at least as up-to-date as" (section 5.4.1): the later term wins, then the longer log.
    public func isAtLeastAsUpToDate(as other: LogPosition) -> Bool {
        if self.term != other.term { return self.term > other.term }
        return self.index >= other.index
    }
}

/// A member of the cluster. Numbered from 1 in the order of the configured peers.
public struct NodeID: Hashable, Comparable, Sendable {
    /// From 1 upwards; 0 is nobody.
    public var rawValue: UInt32
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }
    public static func < (a: NodeID, b: NodeID) -> Bool { a.rawValue < b.rawValue }
}

/// Minted with a member's database, so that a member whose disk was wiped is not taken for the one it was.
public struct Incarnation: Hashable, Sendable {
    public var rawValue: UInt64
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// 128 bits that tell one cluster from another. Printed as 32 hexadecimal digits.
public struct ClusterID: Hashable, Sendable, CustomStringConvertible {
    public var high: UInt64
    public var low: UInt64
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
    public var description: String { Self.hexadecimal(self.high) + Self.hexadecimal(self.low) }

    private static func hexadecimal(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A moment of the log: milliseconds since 1970 as the leaders' clocks have it, never decreasing along the log, and behind
/// them after a leap of theirs (see `LogClock`).
public struct LogTime: Hashable, Comparable, Sendable {
    public var milliseconds: UInt64
    public init(milliseconds: UInt64) { self.milliseconds = milliseconds }
    /// Nothing has been stamped yet.
    public static let zero = LogTime(milliseconds: 0)
    public static func < (a: LogTime, b: LogTime) -> Bool { a.milliseconds < b.milliseconds }
}

extension Term: CustomStringConvertible { public var description: String { "t\(self.rawValue)" } }
extension LogIndex: CustomStringConvertible { public var description: String { "\(self.rawValue)" } }
extension LogPosition: CustomStringConvertible { public var description: String { "\(self.index)@\(self.term)" } }
extension NodeID: CustomStringConvertible { public var description: String { "\(self.rawValue)" } }
