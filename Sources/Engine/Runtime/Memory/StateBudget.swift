/// How much of the events so far a stream may hold, and what happens when it has as much.
public struct StateBudget: Hashable, Sendable {
    /// What happens to a stream that holds as much as it may.
    public enum Policy: String, CaseIterable, Hashable, Sendable {
        /// No events are taken until it holds less: those who send them wait, or are told to come again.
        case wait
        /// No further runs begin.
        case refuse
        /// For each run that begins the oldest of its key ends; if there is none, the oldest of another key.
        case dropOldest = "drop-oldest"
        /// The program ends.
        case fail
    }

    public var bytesPerStream: Int
    /// How many runs of a sequence or pattern may be open for one key; more do not begin, and are counted.
    public var runsPerKey: Int
    public var policy: Policy

    public init(bytesPerStream: Int = .max, runsPerKey: Int = 10_000, policy: Policy = .wait) {
        self.bytesPerStream = bytesPerStream
        self.runsPerKey = runsPerKey
        self.policy = policy
    }

    /// Whether runs give way to others.
    var sparesBytes: Bool {
        self.bytesPerStream < .max && (self.policy == .refuse || self.policy == .dropOldest)
    }

    /// The stream that holds the most, if that is more than it may.
    ///
    /// Where runs give way, a stream keeps to about what it may hold, and is only full if it is something else that it holds.
    public func overrun(among states: [StreamState]) -> StreamState? {
        let largest = states.max { $0.bytes < $1.bytes }
        let spared = self.sparesBytes ? self.bytesPerStream / 8 : 0
        guard let largest, largest.bytes - spared > self.bytesPerStream else { return nil }
        return largest
    }
}

/// What a stream holds of the events so far.
public struct StreamState: Hashable, Sendable {
    public let name: String
    /// How many partial matches of its sequence or pattern are open.
    public var runs = 0
    /// How many keys it remembers something of.
    public var keys = 0
    /// About what it takes in memory.
    public var bytes = 0

    init(_ name: String) { self.name = name }
}

extension StreamState: CustomStringConvertible {
    public var description: String {
        let what = self.runs > 0 ? "\(self.runs) runs of \(self.keys) keys" : "\(self.keys) keys"
        return "stream \(self.name) holds \(HeldBytes.text(self.bytes)) (\(what))"
    }
}

extension HeldBytes {
    /// Whole numbers of the largest unit that gives three digits or more.
    static func text(_ bytes: Int) -> String {
        bytes >= 100 << 20 ? "\(bytes >> 20) MiB" : bytes >= 100 << 10 ? "\(bytes >> 10) KiB" : "\(bytes) bytes"
    }
}
