/// What becomes of runs and partitions as time goes on.
extension SequenceState {
    /// The partition's time goes on; runs end whose first event is too long ago, as matches if that is what they wait for.
    mutating func advance(
        _ partition: Int32,
        to time: Int64,
        _ evaluator: inout Evaluator,
        _ matches: inout [Event]
    ) {
        guard let within = self.sequence.within else { return }
        let known = self.lists[partition].time
        if let patience = self.sequence.patience, known != .min, known.isBefore(self.time, minus: patience) {
            self.forgetRuns(of: partition, &evaluator)
            self.lists[partition].time = .min
        }
        self.time = max(self.time, time)
        let now = max(self.lists[partition].time, time)
        self.lists[partition].time = now
        while true {
            let run = self.lists[partition].earliest
            guard run != 0, self.table[run].start.isBefore(now, minus: within) else { return }
            if self.isWaiting(run) { matches.append(self.match(atDeadlineOf: run, &evaluator.captures)) }
            self.end(run, &evaluator)
        }
    }

    /// Whether the run has all its events and becomes a match when its time is over.
    func isWaiting(_ run: Int32) -> Bool {
        guard self.sequence.waitsForDeadline else { return false }
        guard self.sequence.tree == nil else { return self.isSettled(node: 0, of: run) && !self.isComplete(run) }
        return Int(self.table[run].position) >= self.completePosition
    }

    /// The matches of runs that wait for a deadline before `time`, or for any at the end of input, in the order of their
    /// deadlines, then of their start. The time of partitions stays what it is: other runs go on.
    ///
    /// - Parameter time: Nil at the end of input.
    mutating func takeWaiting(before time: Int64?) -> [Event] {
        guard self.sequence.waitsForDeadline, let within = self.sequence.within else { return [] }
        var waiting: [(start: Int64, number: UInt64, run: Int32)] = []
        for partition in self.lists.partitions.indices {
            var run = self.lists.partitions[partition].earliest
            while run != 0 {
                let start = self.table[run].start
                if let time, !start.isBefore(time, minus: within) { break }
                if self.isWaiting(run) { waiting.append((start, self.table[run].number, run)) }
                run = self.table[run].later
            }
        }
        // All have the same time to wait.
        waiting.sort { ($0.start, $0.number) < ($1.start, $1.number) }
        var values: [Value?] = []
        swap(&values, &self.values)
        defer { swap(&values, &self.values) }
        var matches: [Event] = []
        for (_, _, run) in waiting {
            matches.append(self.match(atDeadlineOf: run, &values))
            let partition = self.table[run].partition
            self.end(run, &values)
            if self.lists[partition].isParked, self.lists[partition].runCount == 0 { self.lists.remove(partition) }
        }
        return matches
    }

    /// Ends the runs that would be too old at `time`. The time of partitions stays what it is.
    mutating func expire(at time: Int64) {
        guard let within = self.sequence.within else { return }
        var values: [Value?] = []
        swap(&values, &self.values)
        defer { swap(&values, &self.values) }
        for partition in self.lists.partitions.indices {
            while true {
                let run = self.lists.partitions[partition].earliest
                guard run != 0, self.table[run].start.isBefore(time, minus: within) else { break }
                self.end(run, &values)
            }
        }
    }

    /// Lets go of partitions that need not be remembered: the one at hand if it has no runs and time does not matter; or
    /// else those for which nothing came for too long (`CompiledSequence.patience`).
    mutating func forgetIdle(since partition: Int32, _ evaluator: inout Evaluator) {
        guard self.sequence.within != nil else {
            if self.lists[partition].runCount == 0 { self.lists.remove(partition) }
            return
        }
        self.lists.touch(partition)
        guard let patience = self.sequence.patience else { return }
        while self.lists.idlest != partition {
            let idlest = self.lists.idlest
            guard self.lists[idlest].time.isBefore(self.time, minus: patience) else { return }
            self.forgetRuns(of: idlest, &evaluator)
            if self.lists[idlest].runCount == 0 { self.lists.remove(idlest) } else { self.lists.park(idlest) }
        }
    }

    /// Ends the runs of a partition but those that wait for their deadline: they are matches as soon as the partition's own
    /// time, or a clock, says so.
    private mutating func forgetRuns(of partition: Int32, _ evaluator: inout Evaluator) {
        var run = self.lists[partition].earliest
        while run != 0 {
            let later = self.table[run].later
            if !self.isWaiting(run) { self.end(run, &evaluator) }
            run = later
        }
    }
}
