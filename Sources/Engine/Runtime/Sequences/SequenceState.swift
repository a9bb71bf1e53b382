/// The runs of one stream's sequence.
///
/// For each event, in this order: runs that are too old end; negations end runs; the others are offered the event in the
/// order of their start; the event may start a run. A run takes the first event that fits and never branches.
struct SequenceState: Sendable {
    let sequence: CompiledSequence
    private let stream: String
    let interests: [String: Interest]
    /// The numbers of the types that the steps take.
    let typesOfSteps: [Int]
    private(set) var table: RunTable
    private(set) var lists: RunLists
    /// The values of all runs, by row. The evaluator has them while an event is matched.
    private(set) var values: [Value?]
    /// The latest time of all events.
    private var time = Int64.min
    /// How many runs did not start because their partition had so many.
    private(set) var dropped: UInt64 = 0

    /// How many runs a partition may have.
    let runsMax: Int
    static let runsMax = 10_000

    /// What an event of some type may do.
    struct Interest: Sendable {
        let type: Int
        var negations: [CompiledSequence.Negation] = []
        /// Where runs stay that may take an event of the type, in order.
        var positions: [Int] = []
    }

    init(_ sequence: CompiledSequence, stream: String, runsMax: Int = Self.runsMax) {
        self.sequence = sequence
        self.stream = stream
        self.runsMax = runsMax
        (self.interests, self.typesOfSteps) = Self.interests(sequence)
        self.table = RunTable(sequence)
        self.lists = RunLists(positionCount: sequence.positionCount)
        self.values = Array(repeating: nil, count: sequence.slotCount)
        if sequence.key == nil { _ = self.lists.add(ExactText("")) }
    }

    private static func interests(_ sequence: CompiledSequence) -> ([String: Interest], typesOfSteps: [Int]) {
        var interests: [String: Interest] = [:]
        for type in sequence.steps.map(\.type) + sequence.negations.map(\.type) where interests[type] == nil {
            interests[type] = Interest(type: interests.count)
        }
        for negation in sequence.negations { interests[negation.type]?.negations.append(negation) }
        for (number, step) in sequence.steps.enumerated() {
            for position in [number - 1, number] where position >= 0 && position < sequence.positionCount {
                guard position < number || step.isKleene, interests[step.type]?.positions.last != position else {
                    continue
                }
                interests[step.type]?.positions.append(position)
            }
        }
        return (interests, sequence.steps.map { interests[$0.type]?.type ?? -1 })
    }

    /// Matches an event. Returns the matches that it completes, in the order in which their runs were started.
    mutating func take(_ event: Event, _ evaluator: inout Evaluator) -> [Event] {
        guard let interest = self.interests[event.type] else { return [] }
        evaluator.event = event
        swap(&evaluator.captures, &self.values)
        defer { swap(&evaluator.captures, &self.values) }
        var matches: [Event] = []
        let key = ExactText(self.sequence.key.map { event.fields[$0].partitionText } ?? "")
        var partition = self.lists.partition(of: key)
        // Its time counts even if no run starts.
        if partition == nil, self.sequence.within != nil { partition = self.lists.add(key) }
        if let partition {
            self.advance(partition, to: event.timestamp, &evaluator)
            for negation in interest.negations { self.negate(partition, negation, &evaluator) }
            self.offer(event, to: partition, interest, &evaluator, &matches)
        }
        if self.typesOfSteps[0] == interest.type, self.fits(0, run: 0, isFirst: true, &evaluator) {
            self.start(with: event, in: &partition, of: key, &evaluator, &matches)
        }
        if self.sequence.key != nil, let partition { self.forgetIdle(since: partition, &evaluator) }
        return matches
    }

    // MARK: - Runs

    /// Ends the runs of a partition for which the negation's condition holds.
    private mutating func negate(
        _ partition: Int32,
        _ negation: CompiledSequence.Negation,
        _ evaluator: inout Evaluator
    ) {
        for run in self.runs(of: partition, at: 0..<self.lists.positionCount) {
            evaluator.captureBase = Int(run) * self.sequence.slotCount
            evaluator.stepReached = self.table[run].position
            if let condition = negation.condition, !evaluator.holds(condition) { continue }
            self.end(run, &evaluator)
        }
    }

    /// Offers an event to the runs of a partition in the order of their start.
    private mutating func offer(
        _ event: Event,
        to partition: Int32,
        _ interest: Interest,
        _ evaluator: inout Evaluator,
        _ matches: inout [Event]
    ) {
        var moved: [Int32] = []
        for run in self.runs(of: partition, at: interest.positions) {
            let position = Int(self.table[run].position)
            guard let taker = self.taker(of: run, at: position, interest, &evaluator) else { continue }
            let step = self.sequence.steps[taker]
            self.table.accept(event, by: step, at: taker, for: run, &evaluator.captures)
            let isLast = taker == self.sequence.steps.count - 1
            if isLast { matches.append(self.match(of: run, completedBy: event, evaluator.captures)) }
            if isLast, !step.isKleene {
                self.end(run, &evaluator)
            } else if taker > position {
                self.lists.remove(run, &self.table)
                self.table[run].position = Int32(taker)
                moved.append(run)
            }
        }
        guard !moved.isEmpty else { return }
        for position in interest.positions where position + 1 < self.lists.positionCount {
            self.lists.insert(moved, at: position + 1, of: partition, &self.table)
        }
    }

    /// The step that takes the event for a run: its present one if that is Kleene, or else the next.
    private mutating func taker(
        of run: Int32,
        at position: Int,
        _ interest: Interest,
        _ evaluator: inout Evaluator
    ) -> Int? {
        let isRepeated = self.sequence.steps[position].isKleene && self.typesOfSteps[position] == interest.type
        if isRepeated, self.fits(position, run: run, isFirst: false, &evaluator) { return position }
        let next = position + 1
        guard next < self.sequence.steps.count, self.typesOfSteps[next] == interest.type,
            self.fits(next, run: run, isFirst: true, &evaluator)
        else { return nil }
        return next
    }

    /// Whether the event fulfils a step's conditions for a run.
    ///
    /// - Parameter isFirst: Whether the step has taken none for the run yet.
    private func fits(_ step: Int, run: Int32, isFirst: Bool, _ evaluator: inout Evaluator) -> Bool {
        evaluator.captureBase = Int(run) * self.sequence.slotCount
        evaluator.isFirstOfStep = isFirst
        return self.sequence.steps[step].conditions.allSatisfy { evaluator.holds($0) }
    }

    /// - Parameter partition: Nil where there is none of the key yet.
    private mutating func start(
        with event: Event,
        in partition: inout Int32?,
        of key: ExactText,
        _ evaluator: inout Evaluator,
        _ matches: inout [Event]
    ) {
        let step = self.sequence.steps[0]
        guard self.lists.positionCount > 0 else {
            // A single event is a match.
            let run = self.table.begin(at: event.timestamp, in: 0, &evaluator.captures)
            self.table.accept(event, by: step, at: 0, for: run, &evaluator.captures)
            matches.append(self.match(of: run, completedBy: event, evaluator.captures))
            self.table.end(run, &evaluator.captures)
            return
        }
        let place = partition ?? self.lists.add(key)
        partition = place
        guard self.lists[place].runCount < self.runsMax else {
            self.dropped += 1
            return
        }
        // One that is too old already would end before anything is offered to it.
        let now = self.lists[place].time
        if let within = self.sequence.within, event.timestamp.isBefore(now, minus: within) { return }
        let run = self.table.begin(at: event.timestamp, in: place, &evaluator.captures)
        self.table.accept(event, by: step, at: 0, for: run, &evaluator.captures)
        self.lists.append(run, &self.table)
        if self.sequence.within != nil { self.lists.insertByTime(run, &self.table) }
    }

    private mutating func end(_ run: Int32, _ evaluator: inout Evaluator) {
        self.lists.remove(run, &self.table)
        if self.sequence.within != nil { self.lists.removeByTime(run, &self.table) }
        self.lists[self.table[run].partition].runCount -= 1
        self.table.end(run, &evaluator.captures)
    }

    /// The runs of a partition at some positions, in the order of their start.
    func runs(of partition: Int32, at positions: some Collection<Int>) -> [Int32] {
        var heads = positions.map { self.lists.first(partition, at: $0) }.filter { $0 != 0 }
        var runs: [Int32] = []
        while heads.count > 1 {
            var first = 0
            for place in heads.indices.dropFirst()
            where self.table[heads[place]].number < self.table[heads[first]].number { first = place }
            runs.append(heads[first])
            heads[first] = self.table[heads[first]].next
            if heads[first] == 0 { heads.remove(at: first) }
        }
        var next = heads.first ?? 0
        while next != 0 {
            runs.append(next)
            next = self.table[next].next
        }
        return runs
    }

    // MARK: - Time

    /// The partition's time goes on; runs end whose first event is too long ago.
    private mutating func advance(_ partition: Int32, to time: Int64, _ evaluator: inout Evaluator) {
        guard let within = self.sequence.within else { return }
        self.time = max(self.time, time)
        let now = max(self.lists[partition].time, time)
        self.lists[partition].time = now
        while true {
            let run = self.lists[partition].earliest
            guard run != 0, self.table[run].start.isBefore(now, minus: within) else { return }
            self.end(run, &evaluator)
        }
    }

    /// Lets go of partitions that need not be remembered: the one at hand if it has no runs and time does not matter; or
    /// else those for which nothing came for twice as long as a run may take. What comes for such a one later finds no run
    /// young enough, unless it is itself later than other events by as long as a run may take.
    private mutating func forgetIdle(since partition: Int32, _ evaluator: inout Evaluator) {
        guard let within = self.sequence.within else {
            if self.lists[partition].runCount == 0 { self.lists.remove(partition) }
            return
        }
        self.lists.touch(partition)
        let (patience, isEndless) = within.multipliedReportingOverflow(by: 2)
        while !isEndless, self.lists.idlest != partition {
            let idlest = self.lists.idlest
            guard self.lists[idlest].time.isBefore(self.time, minus: patience) else { return }
            while self.lists[idlest].earliest != 0 { self.end(self.lists[idlest].earliest, &evaluator) }
            self.lists.remove(idlest)
        }
    }

    // MARK: - Matches

    /// The event of a match: the fields of its steps' last events under the names of the steps.
    private func match(of run: Int32, completedBy event: Event, _ values: [Value?]) -> Event {
        let base = Int(run) * self.sequence.slotCount
        let output = self.sequence.output
        var fields = Fields()
        if output.isWhole {
            for (position, step) in self.sequence.steps.enumerated() {
                guard let name = step.name else { continue }
                for entry in self.table.event(of: run, at: position).entries {
                    let name = "\(name)_\(entry.name)"
                    if fields[name] == nil { fields[name] = entry.value }
                }
            }
        } else {
            for capture in output.fields where fields[capture.field] == nil {
                fields[capture.field] = values[base + capture.slot]
            }
        }
        if output.hasStream { fields["stream"] = .string(self.stream) }
        if output.hasDuration {
            let duration = event.timestamp &- self.table[run].start
            fields["match_duration_ms"] = .int(duration / 1_000_000)
        }
        if let key = self.sequence.key, let slot = output.keySlot, let value = values[base + slot] {
            fields[key] = value
        }
        var match = Event(type: self.stream, timestamp: event.timestamp, fields: fields)
        if output.readsValues { match.captured = Array(values[base..<base + self.sequence.slotCount]) }
        return match
    }

    /// About what it takes in memory.
    var heldBytes: Int { self.table.heldBytes(self.values) + self.lists.heldBytes }
}
