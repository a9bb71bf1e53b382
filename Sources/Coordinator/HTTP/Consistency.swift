import Hummingbird
import RaftCore

/// What a read is answered from, as its sender asks with `?consistency=`.
enum Consistency: String, Sendable {
    /// A state with everything acknowledged so far in it.
    case linearizable
    /// The same, told by the leader alone where the cluster trusts its members' clocks (`Settings.allowsLeases`).
    case lease
    /// The asked member's own state, whatever it has missed.
    case stale

    /// How a read that must see everything makes sure of it.
    var mode: ReadMode { self == .lease ? .lease : .index }
}

extension Request {
    /// A word that nobody knows asks for nothing special.
    var consistency: Consistency {
        self.uri.queryParameters["consistency"].flatMap { Consistency(rawValue: String($0)) } ?? .linearizable
    }
}
