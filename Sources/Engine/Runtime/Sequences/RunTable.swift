/// The runs of a sequence: partial matches, each at its place in arrays.
///
/// A run is a row of `runs`, and the same row, so many at a time, of whatever it remembers. The places of runs that ended
/// are used again. Row 0 is nobody's: it stands for none in links, and its values are those of a run that has not begun.
struct RunTable: Sendable {
    /// What every run has. The links go to the runs before and after it in its lists.
    struct Run: Sendable {
        /// Counts the runs in the order of their start.
        var number: UInt64 = 0
        /// The time of its first event.
        var start: Int64 = 0
        var partition: Int32 = 0
        /// The step that took its last event.
        var position: Int32 = 0
        /// Of the same partition and position, in the order of start.
        var previous: Int32 = 0
        var next: Int32 = 0
        /// Of the same partition, by start time.
        var earlier: Int32 = 0
        var later: Int32 = 0
    }

    private(set) var runs: [Run] = [Run()]
    private var accumulators: [Accumulator]
    /// Whole events, where those are kept.
    private(set) var events: [Fields]
    private var firstFree: Int32 = 0
    private(set) var liveCount = 0
    private var startedCount: UInt64 = 0

    private let slotCount: Int
    private let freshValues: [Value?]
    private let fresh: [Accumulator]
    private let eventCount: Int

    /// Rows that no run uses are given back from so many on, when there is no run at all.
    private static let idleRowsMax = 1024

    init(_ sequence: CompiledSequence) {
        self.slotCount = sequence.slotCount
        self.freshValues = sequence.freshValues
        let summaries = sequence.steps.flatMap(\.summaries).sorted { $0.place < $1.place }
        self.fresh = summaries.map { Accumulator($0.call) }
        self.accumulators = self.fresh
        self.eventCount = sequence.output.isWhole ? sequence.steps.count : 0
        self.events = Array(repeating: Fields(), count: self.eventCount)
    }

    subscript(run: Int32) -> Run {
        get { self.runs[Int(run)] }
        _modify { yield &self.runs[Int(run)] }
    }

    /// A new run, the last in the order of start.
    ///
    /// - Parameter values: The values of all runs; those of the new one are as fresh as those of row 0.
    mutating func begin(at start: Int64, in partition: Int32, _ values: inout [Value?]) -> Int32 {
        let run: Int32
        if self.firstFree != 0 {
            run = self.firstFree
            self.firstFree = self[run].next
            for place in self.fresh.indices {
                self.accumulators[Int(run) * self.fresh.count + place] = self.fresh[place]
            }
        } else {
            run = Int32(self.runs.count)
            self.runs.append(Run())
            values.append(contentsOf: self.freshValues)
            self.accumulators.append(contentsOf: self.fresh)
            for _ in 0..<self.eventCount { self.events.append(Fields()) }
        }
        self.startedCount += 1
        self.liveCount += 1
        self[run] = Run(number: self.startedCount, start: start, partition: partition)
        return run
    }

    /// Forgets a run that is in no list any more.
    mutating func end(_ run: Int32, _ values: inout [Value?]) {
        for slot in 0..<self.slotCount { values[Int(run) * self.slotCount + slot] = self.freshValues[slot] }
        for place in 0..<self.eventCount { self.events[Int(run) * self.eventCount + place] = Fields() }
        self[run] = Run(next: self.firstFree)
        self.firstFree = run
        self.liveCount -= 1
        if self.liveCount == 0, self.runs.count > Self.idleRowsMax { self.empty(&values) }
    }

    private mutating func empty(_ values: inout [Value?]) {
        self.runs = [Run()]
        values = self.freshValues
        self.accumulators = self.fresh
        self.events = Array(repeating: Fields(), count: self.eventCount)
        self.firstFree = 0
    }

    /// A step takes an event for a run.
    mutating func accept(
        _ event: Event,
        by step: CompiledSequence.Step,
        at position: Int,
        for run: Int32,
        _ values: inout [Value?]
    ) {
        let base = Int(run) * self.slotCount
        for capture in step.captures { values[base + capture.slot] = event.fields[capture.field] }
        if let slot = step.presenceSlot { values[base + slot] = .bool(true) }
        for summary in step.summaries {
            let place = Int(run) * self.fresh.count + summary.place
            let value = summary.field.flatMap { event.fields[$0] }
            self.accumulators[place].add(value, hasArgument: summary.field != nil)
            values[base + summary.slot] = self.accumulators[place].result
        }
        if self.eventCount > 0 { self.events[Int(run) * self.eventCount + position] = event.fields }
    }

    /// A run has no event of a step after all.
    mutating func forget(_ step: CompiledSequence.Step, at position: Int, of run: Int32, _ values: inout [Value?]) {
        let base = Int(run) * self.slotCount
        for slot in step.captures.map(\.slot) + step.summaries.map(\.slot) + [step.presenceSlot].compactMap(\.self) {
            values[base + slot] = self.freshValues[slot]
        }
        if self.eventCount > 0 { self.events[Int(run) * self.eventCount + position] = Fields() }
    }

    /// The fields of the last event that a step took for the run, where whole events are kept.
    func event(of run: Int32, at position: Int) -> Fields { self.events[Int(run) * self.eventCount + position] }

    /// About what it takes in memory, with the runs' values.
    func heldBytes(_ values: [Value?]) -> Int {
        let row =
            MemoryLayout<Run>.stride + self.slotCount * MemoryLayout<Value?>.stride
            + self.fresh.count * MemoryLayout<Accumulator>.stride + self.eventCount * MemoryLayout<Fields>.stride
        let samples = self.runs.indices.lazy.filter { self.runs[$0].number != 0 }.map { run in
            let slots = run * self.slotCount..<(run + 1) * self.slotCount
            let events = run * self.eventCount..<(run + 1) * self.eventCount
            let places = run * self.fresh.count..<(run + 1) * self.fresh.count
            return values[slots].reduce(0) { $0 + ($1?.heldBytes ?? 0) }
                + self.events[events].reduce(0) { $0 + $1.heldBytes }
                + self.accumulators[places].reduce(0) { $0 + $1.heldBytes }
        }
        return self.runs.count * row + HeldBytes.of(self.liveCount, like: samples)
    }
}
