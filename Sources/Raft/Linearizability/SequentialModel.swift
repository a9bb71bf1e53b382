/// What one object does when operations come to it one after the other: the promise that a history is held against.
///
/// Pure: equal arguments give equal answers.
public protocol SequentialModel: Sendable {
    /// What the object holds. Kept by the thousand while a history is searched, so small or shared.
    associatedtype State: Hashable & Sendable
    associatedtype Operation: Hashable & Sendable
    associatedtype Result: Hashable & Sendable

    /// What the object holds before its first operation.
    var initial: State { get }

    /// What the object holds after `operation`, or nil if the operation cannot have had this result in this state.
    /// Without a result the operation took place, but nobody heard what came of it; it then leads to the same state as
    /// with the result that fits.
    func step(_ state: State, _ operation: Operation, _ result: Result?) -> State?

    /// Whether the operation always takes place and leaves the same, whatever was there before. Saying no is always right;
    /// saying yes where it is true saves the search work.
    func isBlind(_ operation: Operation) -> Bool

    /// The operation and its result in a few words, such as `read -> 7`.
    func describe(_ operation: Operation, _ result: Result?) -> String

    /// What the object holds in a few words.
    func describe(_ state: State) -> String
}

extension SequentialModel {
    public func isBlind(_ operation: Operation) -> Bool { false }
}
