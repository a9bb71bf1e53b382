/// The runs of one stream's sequence.
///
/// For each event, in this order: runs that are too old end; negations end runs; the others are offered the event in the
/// order of their start; the event may start a run. A run takes the first event that fits and never branches. Where a
/// pattern ends with a `NOT`, runs that have all their events are matches when they are too old.
struct SequenceState: Sendable {
    let sequence: CompiledSequence
    let stream: String
    let interests: [String: Interest]
    /// The numbers of the types that the steps take.
    let typesOfSteps: [Int]
    let reach: [Int]
    let completePosition: Int
    var table: RunTable
    var lists: RunLists
    /// Of a pattern with `AND` or `OR`: the nodes of its tree, by row the states of those, and the numbers of types.
    let nodesOfTree: [PatternTree.Node]
    var nodes: [PatternNodeState] = []
    /// By row the types that may make a difference to the run, a bit for each.
    var typesWanted: [UInt64] = []
    let typesOfNegations: [Int]
    let typesOfStarters: Set<Int>
    /// The values of all runs, by row. The evaluator has them while an event is matched.
    var values: [Value?]
    /// The latest time of all events.
    var time = Int64.min
    /// How many runs did not start because their partition had so many.
    var dropped: UInt64 = 0

    /// How many runs did not start, and how many ended, because the stream held as much as it may.
    var refused: UInt64 = 0
    var evicted: UInt64 = 0

    let budget: StateBudget

    /// What an event of some type may do.
    struct Interest: Sendable {
        let type: Int
        var negations: [CompiledSequence.Negation] = []
        /// Where runs stay that may take an event of the type, in order.
        var positions: [Int] = []
        /// Where they may be after that, if they go on.
        var targets: [Int] = []
    }

    init(_ sequence: CompiledSequence, stream: String, budget: StateBudget = StateBudget()) {
        self.sequence = sequence
        self.stream = stream
        self.budget = budget
        self.reach = sequence.reach
        self.completePosition = sequence.completePosition
        let (interests, typesOfSteps) = Self.interests(sequence)
        self.interests = interests
        self.typesOfSteps = typesOfSteps
        self.nodesOfTree = sequence.tree?.nodes ?? []
        self.typesOfNegations = sequence.tree?.negations.map { interests[$0.type]?.type ?? -1 } ?? []
        self.typesOfStarters = Set(sequence.tree?.starters.map { typesOfSteps[$0] } ?? [])
        self.table = RunTable(sequence)
        self.lists = RunLists(positionCount: sequence.positionCount)
        self.values = sequence.freshValues
        if sequence.key == nil { _ = self.lists.add(ExactText("")) }
    }

    private static func interests(_ sequence: CompiledSequence) -> ([String: Interest], typesOfSteps: [Int]) {
        var interests: [String: Interest] = [:]
        let negations = sequence.negations + (sequence.tree?.negations ?? [])
        for type in sequence.steps.map(\.type) + negations.map(\.type) where interests[type] == nil {
            interests[type] = Interest(type: interests.count)
        }
        for negation in sequence.negations { interests[negation.type]?.negations.append(negation) }
        let steps = sequence.steps
        for position in 0..<(sequence.tree == nil ? sequence.positionCount : 0) {
            // The step itself, the one after it, and what follows steps that may be skipped.
            var taker = steps[position].isKleene ? position : position + 1
            while taker < steps.count {
                let type = steps[taker].type
                if interests[type]?.positions.last != position { interests[type]?.positions.append(position) }
                if taker > position {
                    if taker < sequence.positionCount { interests[type]?.targets.append(taker) }
                    if !steps[taker].isOptional { break }
                }
                taker += 1
            }
        }
        // Steps before which others may be skipped can be reached from several positions.
        if steps.contains(where: \.isOptional) {
            interests = interests.mapValues { interest in
                var interest = interest
                interest.targets = Set(interest.targets).sorted()
                return interest
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
            self.advance(partition, to: event.timestamp, &evaluator, &matches)
            for negation in interest.negations { self.negate(partition, negation, &evaluator) }
            if self.nodesOfTree.isEmpty {
                self.offer(event, to: partition, interest, &evaluator, &matches)
            } else {
                self.offerToTrees(event, of: interest.type, in: partition, &evaluator, &matches)
            }
        }
        if !self.nodesOfTree.isEmpty {
            self.startTree(with: event, of: interest.type, in: &partition, of: key, &evaluator, &matches)
        } else if let step = self.starter(interest, &evaluator) {
            self.start(with: event, at: step, in: &partition, of: key, &evaluator, &matches)
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
        let positions = negation.positions.map(Range.init) ?? 0..<self.lists.positionCount
        for run in self.runs(of: partition, at: positions) {
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
            if taker >= self.completePosition, !self.sequence.waitsForDeadline {
                matches.append(self.match(of: run, at: event.timestamp, evaluator.captures))
            }
            if taker >= self.lists.positionCount {
                self.end(run, &evaluator)
            } else if taker > position {
                self.lists.remove(run, &self.table)
                self.table[run].position = Int32(taker)
                moved.append(run)
            }
        }
        guard !moved.isEmpty else { return }
        for target in interest.targets { self.lists.insert(moved, at: target, of: partition, &self.table) }
    }

    /// The step that takes the event for a run: its present one if that is Kleene, or else the first after it that fits, of
    /// those up to the first that may not be skipped.
    private mutating func taker(
        of run: Int32,
        at position: Int,
        _ interest: Interest,
        _ evaluator: inout Evaluator
    ) -> Int? {
        let isRepeated = self.sequence.steps[position].isKleene && self.typesOfSteps[position] == interest.type
        if isRepeated, self.fits(position, run: run, isFirst: false, &evaluator) { return position }
        var next = position + 1
        let last = self.reach[next]
        while next <= last {
            if self.typesOfSteps[next] == interest.type, self.fits(next, run: run, isFirst: true, &evaluator) {
                return next
            }
            next += 1
        }
        return nil
    }

    /// The step that takes the event as the first one of a run.
    private func starter(_ interest: Interest, _ evaluator: inout Evaluator) -> Int? {
        for step in 0...self.reach[0] where self.typesOfSteps[step] == interest.type {
            if self.fits(step, run: 0, isFirst: true, &evaluator) { return step }
        }
        return nil
    }

    /// Whether the event fulfils a step's conditions for a run.
    ///
    /// - Parameter isFirst: Whether the step has taken none for the run yet.
    func fits(_ step: Int, run: Int32, isFirst: Bool, _ evaluator: inout Evaluator) -> Bool {
        evaluator.captureBase = Int(run) * self.sequence.slotCount
        evaluator.isFirstOfStep = isFirst
        return self.sequence.steps[step].conditions.allSatisfy { evaluator.holds($0) }
    }

    /// - Parameter partition: Nil where there is none of the key yet.
    private mutating func start(
        with event: Event,
        at position: Int,
        in partition: inout Int32?,
        of key: ExactText,
        _ evaluator: inout Evaluator,
        _ matches: inout [Event]
    ) {
        let step = self.sequence.steps[position]
        let isComplete = position >= self.completePosition
        let isMatch = isComplete && !self.sequence.waitsForDeadline
        guard position < self.lists.positionCount else {
            // A single event is a match.
            let run = self.table.begin(at: event.timestamp, in: 0, &evaluator.captures)
            self.table.accept(event, by: step, at: position, for: run, &evaluator.captures)
            matches.append(self.match(of: run, at: event.timestamp, evaluator.captures))
            self.table.end(run, &evaluator.captures)
            return
        }
        let place = partition ?? self.lists.add(key)
        partition = place
        guard self.lists[place].runCount < self.budget.runsPerKey else {
            self.dropped += 1
            return
        }
        guard self.makeRoom(for: place, &evaluator) else { return }
        // One that is too old already ends before anything is offered to it.
        if !isComplete, self.isOver(event.timestamp, in: place) { return }
        let run = self.table.begin(at: event.timestamp, in: place, &evaluator.captures)
        self.table[run].position = Int32(position)
        self.table.accept(event, by: step, at: position, for: run, &evaluator.captures)
        self.lists.append(run, &self.table)
        if self.sequence.within != nil { self.lists.insertByTime(run, &self.table) }
        if isMatch { matches.append(self.match(of: run, at: event.timestamp, evaluator.captures)) }
    }

    /// Where the stream holds as much as it may: whether a run of the partition may start nevertheless, because an old one
    /// ends for it.
    mutating func makeRoom(for partition: Int32, _ evaluator: inout Evaluator) -> Bool {
        guard self.budget.sparesBytes, self.heldBytes >= self.budget.bytesPerStream else { return true }
        if self.budget.policy == .refuse {
            self.refused += 1
            return false
        }
        let place = self.lists[partition].runCount > 0 ? partition : self.lists.idlestWithRuns
        guard let run = place.flatMap({ self.lists.oldest(of: $0, self.table) }) else { return true }
        self.end(run, &evaluator)
        self.evicted += 1
        return true
    }

    mutating func end(_ run: Int32, _ evaluator: inout Evaluator) { self.end(run, &evaluator.captures) }

    mutating func end(_ run: Int32, _ values: inout [Value?]) {
        self.lists.remove(run, &self.table)
        if self.sequence.within != nil { self.lists.removeByTime(run, &self.table) }
        self.lists[self.table[run].partition].runCount -= 1
        self.table.end(run, &values)
        if !self.nodes.isEmpty, self.table.liveCount == 0 { self.forgetNodes() }
    }

    /// Whether a run of a partition that began at some time has no time left.
    func isOver(_ start: Int64, in partition: Int32) -> Bool {
        self.sequence.within.map { start.isBefore(self.lists[partition].time, minus: $0) } ?? false
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

    /// About what it takes in memory.
    var heldBytes: Int {
        self.table.heldBytes + self.lists.heldBytes
            + self.table.liveCount * self.nodesOfTree.count * MemoryLayout<PatternNodeState>.stride
            + (self.nodesOfTree.isEmpty ? 0 : self.table.liveCount * MemoryLayout<UInt64>.stride)
    }
}
