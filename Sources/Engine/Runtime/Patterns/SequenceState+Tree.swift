/// Patterns with `AND` and `OR`: what becomes of their runs.
///
/// A run has a state for each node of the tree. An `AND` gives an event to the first of its operands that does not have all
/// its events yet and takes it, or else to the first that goes on taking; an `OR` gives it to all, for they know nothing of
/// each other, and is what the first one to complete is. The first event of a run is part of its match: operands of an `OR`
/// that do not take it are out.
extension SequenceState {
    /// Offers an event to the runs of a partition in the order of their start.
    mutating func offerToTrees(
        _ event: Event,
        of type: Int,
        in partition: Int32,
        _ evaluator: inout Evaluator,
        _ matches: inout [Event]
    ) {
        var next = self.lists.first(partition, at: 0)
        while next != 0 {
            let run = next
            next = self.table[run].next
            guard self.typesWanted[Int(run)] & Self.bit(of: type) != 0 else { continue }
            if self.offerToTree(event, of: type, of: run, &evaluator, &matches) {
                self.typesWanted[Int(run)] = self.typesWanted(by: 0, of: run)
            } else {
                self.end(run, &evaluator)
            }
        }
    }

    /// Offers an event to a run. Returns whether the run goes on.
    private mutating func offerToTree(
        _ event: Event,
        of type: Int,
        of run: Int32,
        _ evaluator: inout Evaluator,
        _ matches: inout [Event]
    ) -> Bool {
        self.negate(node: 0, of: run, by: event, of: type, &evaluator)
        guard self[run, 0].progress != .dead, !self.isComplete(run) || self.goesOn(node: 0, of: run) else {
            return false
        }
        guard self.offer(event, of: type, to: 0, of: run, isStart: false, &evaluator), self.isComplete(run) else {
            return true
        }
        matches.append(self.match(of: run, at: event.timestamp, evaluator.captures))
        return self.goesOn(node: 0, of: run)
    }

    /// - Parameter partition: Nil where there is none of the key yet.
    mutating func startTree(
        with event: Event,
        of type: Int,
        in partition: inout Int32?,
        of key: ExactText,
        _ evaluator: inout Evaluator,
        _ matches: inout [Event]
    ) {
        guard self.typesOfStarters.contains(type) else { return }
        let run = self.table.begin(at: event.timestamp, in: partition ?? 0, &evaluator.captures)
        self.makeNodes(of: run)
        guard self.offer(event, of: type, to: 0, of: run, isStart: true, &evaluator) else {
            return self.table.end(run, &evaluator.captures)
        }
        let isMatch = self[run, 0].isComplete
        if isMatch, !self.goesOn(node: 0, of: run) {
            matches.append(self.match(of: run, at: event.timestamp, evaluator.captures))
            return self.table.end(run, &evaluator.captures)
        }
        let place = partition ?? self.lists.add(key)
        partition = place
        guard self.lists[place].runCount < self.budget.runsPerKey else {
            self.dropped += 1
            return self.table.end(run, &evaluator.captures)
        }
        guard self.makeRoom(for: place, &evaluator) else { return self.table.end(run, &evaluator.captures) }
        if self.isOver(event.timestamp, in: place), !isMatch, !self.isSettled(node: 0, of: run) {
            return self.table.end(run, &evaluator.captures)
        }
        self.table[run].partition = place
        self.lists.append(run, &self.table)
        if self.sequence.within != nil { self.lists.insertByTime(run, &self.table) }
        if isMatch { matches.append(self.match(of: run, at: event.timestamp, evaluator.captures)) }
        self.typesWanted[Int(run)] = self.typesWanted(by: 0, of: run)
    }
}
