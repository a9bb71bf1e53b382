/// The steps of a stream, `A as a -> all B where … as b`, with what a run has to remember of them.
///
/// A run stays at a position: the step that took its last event. An event is offered first to that step if it is Kleene,
/// then to those after it up to the first that may not be skipped (`reach`). What is said of `->` is the plain case: no step
/// is optional, negations hold at all positions, and no run waits for its deadline (`isPlain`). A named pattern, `SEQ(…)`,
/// may have more:
///
///     SEQ(A as a, B* as b, NOT C, D as d, NOT E) within 10s
///
/// has the steps A, B (Kleene and optional) and D; a C ends runs at the positions 0...1, an E those at position 2, and
/// runs at position 2 wait for their deadline.
struct CompiledSequence: Sendable {
    struct Step: Sendable {
        let type: String
        /// All must hold of an event that the step takes.
        let conditions: [NodeID]
        /// Takes one event or more.
        let isKleene: Bool
        /// May be skipped: `Type?`, or `Type*` if it is Kleene as well.
        let isOptional: Bool
        /// The name under which later steps and operations know its events; nil if there is none.
        let name: String?
        /// Which fields of its events are remembered, and where.
        let captures: [Capture]
        let summaries: [Summary]
        /// The place in the run's values that says whether it has taken an event; nil where nobody asks.
        let presenceSlot: Int?
    }

    /// A field that is remembered of the last event that a step took.
    struct Capture: Sendable {
        let field: String
        /// The place in the run's values.
        let slot: Int
    }

    /// What is added up over all events that a Kleene step took.
    struct Summary: Sendable {
        let call: CompiledAggregate.Call
        /// What is added up; nil to count events.
        let field: String?
        /// Where the result is in the run's values.
        let slot: Int
        /// The place in the run's accumulators.
        let place: Int
    }

    /// `.not(Type where condition)`, or `NOT Type where condition` among the items of a pattern.
    struct Negation: Sendable {
        let type: String
        /// Nil for one that ends all runs.
        let condition: NodeID?
        /// It ends only runs that stay at one of these positions; nil for all. For a `NOT` among the items those are: the
        /// step before it, and the ones before that as long as everything between may be skipped.
        let positions: ClosedRange<Int>?
    }

    let steps: [Step]
    let negations: [Negation]
    /// The field by whose value events are matched apart.
    let key: String?
    /// How long after its first event a run may complete, in nanoseconds.
    let within: Int64?
    /// The last item is a `NOT`: a run that has all its events stays until its time is over, and is a match only then, with
    /// the deadline (its start and `within`) as the time of the match. There is a `within`.
    let waitsForDeadline: Bool
    /// For a pattern with `AND` or `OR`: how the steps belong together. All its runs stay at position 0.
    let tree: PatternTree?
    /// How many values a run has.
    let slotCount: Int
    let summaryCount: Int
    let output: Output

    /// What the events of matches hold.
    struct Output: Sendable {
        /// Whether the fields of a match may be looked at whatever they are called; then runs keep whole events.
        let isWhole: Bool
        /// Otherwise the fields that are named somewhere, `alias_field`, and where they are in the run's values.
        let fields: [Capture]
        let hasStream: Bool
        let hasDuration: Bool
        /// Where the value of the key is in the run's values.
        let keySlot: Int?
        /// Where it is if it is not there, because the first step was skipped.
        let furtherKeySlots: [Int]
        /// Whether later operations read the run's values.
        let readsValues: Bool
    }

    /// How many positions a run may stay at: after each step but the last, and after that if more events may come for it or
    /// it waits for its deadline.
    var positionCount: Int {
        if self.tree != nil { return 1 }
        return self.steps.count - (self.steps.last?.isKleene == true || self.waitsForDeadline ? 0 : 1)
    }

    /// From this position on a run has all its events: what follows may be skipped.
    var completePosition: Int { self.steps.lastIndex { !$0.isOptional } ?? 0 }

    /// For each position the last of the steps that may take the next event: the first that may not be skipped, if there is
    /// one. The first element is for a run that has not begun, so that `reach[position + 1]` is that of a position.
    var reach: [Int] {
        var reach = [Int](repeating: self.steps.count - 1, count: self.steps.count + 1)
        var last = self.steps.count - 1
        for step in self.steps.indices.reversed() {
            if !self.steps[step].isOptional { last = step }
            reach[step] = last
        }
        return reach
    }

    /// Whether it is of the kind that `->` makes.
    var isPlain: Bool {
        !self.waitsForDeadline && self.tree == nil && self.steps.allSatisfy { !$0.isOptional }
            && self.negations.allSatisfy { $0.positions == nil }
    }

    /// The values of a run that has no event yet: what was added up over none for steps that may stay without one.
    var freshValues: [Value?] {
        var values = [Value?](repeating: nil, count: self.slotCount)
        for step in self.steps {
            if let slot = step.presenceSlot { values[slot] = .bool(false) }
            guard step.isOptional || self.tree != nil else { continue }
            for summary in step.summaries { values[summary.slot] = Accumulator(summary.call).result }
        }
        return values
    }

    /// How long a partition is remembered to which nothing comes: twice as long as a run may take, by the newest time of the
    /// stream. What comes later finds none of its runs, and its time is not that of the events before. Nil for ever.
    var patience: Int64? {
        let (patience, isEndless) = (self.within ?? .max).multipliedReportingOverflow(by: 2)
        return isEndless ? nil : patience
    }

    /// When a run is over that began at some time; nil if never.
    func deadline(ofStart start: Int64) -> Int64? {
        self.within.map { within in
            let (deadline, isTooLate) = start.addingReportingOverflow(within)
            return isTooLate ? .max : deadline
        }
    }
}
