/// Decides whether a history could have come from objects that do one operation at a time, each at some moment between
/// its call and its return (Herlihy and Wing, TOPLAS 1990).
///
/// Objects are checked apart from each other, which proves the whole: linearizability is a local property. Deciding one
/// is NP-complete in general, so the search has a limit; some thousand operations of a dozen clients are far below it.
public struct LinearizabilityChecker<Model: SequentialModel>: Sendable {
    /// What each object promises to do.
    public var model: Model
    /// How many operations the search may try to place, for one key, before it gives up. A count and not a time, so that
    /// the verdict is the same everywhere.
    public var attemptsMax: Int

    public init(_ model: Model, attemptsMax: Int = 1_000_000) {
        self.model = model
        self.attemptsMax = attemptsMax
    }

    /// The verdict over all keys: the first violation found, else the first key that was given up.
    ///
    /// `isOver` is asked now and then; when it says so, the search gives up.
    @specialized(where Model == RegisterModel<UInt64>, Key == Int)
    public func check<Key>(
        _ history: History<Key, Model.Operation, Model.Result>,
        isOver: () -> Bool = { false }
    ) -> Verdict<Key> {
        var verdict = Verdict<Key>.linearizable
        for (key, events) in history.partitions {
            var search = Search(events.map { history.events[$0] }, self.model)
            switch search.run(attemptsMax: self.attemptsMax, isOver: isOver) {
            case .found: continue
            case .gaveUp: if case .linearizable = verdict { verdict = .gaveUp(key: key) }
            case .impossible(let stuck):
                let cause = Cause(of: events.map { history.events[$0] }, stuckAt: stuck, self, isOver: isOver)
                return .violated(cause.counterexample(key: key, numbers: events))
            }
        }
        return verdict
    }
}
