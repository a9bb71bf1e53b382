/// What came of checking a history.
public enum Verdict<Key: Hashable & Sendable>: Hashable, Sendable {
    /// Each object's operations fit into one order that agrees with real time.
    case linearizable
    /// No such order exists for this object's.
    case violated(Counterexample<Key>)
    /// The search of this object's operations grew too large. It proves nothing, and must never count as a pass.
    case gaveUp(key: Key)
}

/// Why a history is not linearizable.
///
/// All answers that came before that of `misfit` can still be explained, by `order`; with its answer nothing can.
public struct Counterexample<Key: Hashable & Sendable>: Hashable, Sendable, CustomStringConvertible {
    public var key: Key
    /// Numbers of the history's events: the longest beginning of the history that has an order, in that order. Answers
    /// that came later count as unknown here.
    public var order: [Int]
    /// The number of the event whose answer leaves no order, the first such.
    public var misfit: Int
    /// The same in words, over several lines.
    public var description: String
}
